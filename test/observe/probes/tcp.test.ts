import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import { createTcpProbe, TcpProbeSettings } from "../../../src/observe/probes/tcp.ts";
import type { Knocked } from "../../../src/system/tcp.ts";
import { fakeTcp } from "../../support/fakes/tcp.ts";

const NEVER = new AbortController().signal;

async function readingOf(knocked: Knocked): Promise<Reading> {
  const tcp = fakeTcp();
  tcp.set(5432, knocked);
  const settings = TcpProbeSettings.parse({ kind: "tcp", address: "db.internal:5432" });
  return createTcpProbe("port", settings, { tcp }).sample(NEVER);
}

describe("the tcp probe", () => {
  it("measures 0 while somebody takes the connection", async () => {
    const milestones = [
      { name: "resolve", atMs: 2 },
      { name: "connect", atMs: 5 },
    ];

    expect(await readingOf({ kind: "open", milestones, totalMs: 5 })).toEqual({
      kind: "measured",
      value: 0,
      detail: "resolve 2 ms, connect 3 ms",
    });
  });

  it.each([
    ["refused", "the connection was refused (d; over after 7 ms)"],
    ["reset", "the connection was broken off (d; over after 7 ms)"],
    ["timeout", "it did not answer in time (d; over after 7 ms)"],
    ["unreachable", "it cannot be reached (d; over after 7 ms)"],
  ] as const)("measures 1 when it is %s", async (reason, detail) => {
    const failed = { kind: "failed", reason, detail: "d", milestones: [], totalMs: 7 } as const;

    expect(await readingOf(failed)).toEqual({ kind: "measured", value: 1, detail });
  });

  it.each(["name-resolution", "out-of-descriptors", "no-route", "out-of-resources"] as const)(
    "measures nothing when the trouble is our own: %s",
    async (reason) => {
      expect(await readingOf({ kind: "local", reason, detail: "d" })).toEqual({
        kind: "absent",
        reason,
        detail: "d",
      });
    },
  );

  it.each([
    ["127.0.0.1:80", "127.0.0.1", 80],
    ["db.internal:5432", "db.internal", 5432],
    ["[::1]:6379", "::1", 6379],
  ])("knocks at %s within its timeout", async (address, host, port) => {
    const tcp = fakeTcp();
    const settings = TcpProbeSettings.parse({ kind: "tcp", address, timeout: "700ms" });
    const probe = createTcpProbe("port", settings, { tcp });

    await probe.sample(NEVER);

    expect(tcp.knocked).toEqual([{ host, port, timeoutMs: 700 }]);
    expect(probe).toMatchObject({ kind: "tcp", intervalMs: 5000, timeoutMs: 700 });
  });

  it.each([
    "5432",
    "host",
    "host:0",
    "host:65536",
    "host:http",
    "::1:80",
    "http://h:1",
    "-h:1",
    "",
  ])("refuses the address %j", (address) => {
    expect(TcpProbeSettings.safeParse({ kind: "tcp", address }).success).toBe(false);
  });
});
