import { describe, expect, it } from "vitest";
import { readRateLimit } from "../../src/observe/rate-limit.ts";

const NOW = Date.UTC(2026, 10, 22, 12, 0, 0);

describe("the headers of a limiter", () => {
  it.each([
    // express-rate-limit, legacy: the reset is a moment
    [
      {
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "42",
        "x-ratelimit-reset": String(NOW / 1000 + 600),
      },
      { limit: 100, remaining: 42, resetMs: 600_000, windowMs: undefined },
    ],
    // draft 6
    [
      {
        "ratelimit-policy": "100;w=900",
        "ratelimit-limit": "100",
        "ratelimit-remaining": "99",
        "ratelimit-reset": "880",
      },
      { limit: 100, remaining: 99, resetMs: 880_000, windowMs: 900_000 },
    ],
    // draft 7
    [
      { "ratelimit-policy": "100;w=900", ratelimit: "limit=100, remaining=98, reset=870" },
      { limit: 100, remaining: 98, resetMs: 870_000, windowMs: 900_000 },
    ],
    // draft 8
    [
      { "ratelimit-policy": '"api";q=60;w=60', ratelimit: '"api";r=59;t=30' },
      { limit: 60, remaining: 59, resetMs: 30_000, windowMs: 60_000 },
    ],
    [{ "retry-after": "30" }, { limit: undefined, resetMs: 30_000 }],
    [{ "ratelimit-limit": "many" }, { limit: undefined, windowMs: undefined }],
  ])("%j are read", (headers, limit) => {
    expect(readRateLimit(headers, NOW)).toMatchObject(limit);
  });

  it("that are missing tell of none", () => {
    expect(readRateLimit({ server: "nginx", "content-type": "text/plain" }, NOW)).toBeUndefined();
  });

  it("are told shortened", () => {
    const told = readRateLimit({ "retry-after": "9".repeat(500) }, NOW)?.told[0];

    expect(told).toHaveLength(100);
  });
});
