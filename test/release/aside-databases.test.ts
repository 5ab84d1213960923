import { describe, expect, it } from "vitest";
import { asideName } from "../../src/release/aside-databases.ts";

describe("the name of a database that is kept", () => {
  it("is the live one's and the time", () => {
    const name = asideName("radiation", 1_795_000_000_000);

    expect(name).toBe("radiation_aside_1795000000000");
  });

  it("is cut to what the server keeps, between letters, so that the time stays whole", () => {
    const name = asideName("ä".repeat(31), 1_795_000_000_000);

    expect(name).toMatch(/^ä+_aside_1795000000000$/u);
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
    expect(Buffer.byteLength(name)).toBeGreaterThan(61);
  });
});
