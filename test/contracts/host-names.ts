import { describe, expect, it } from "vitest";
import type { HostNames } from "../../src/system/host-names.ts";

const NEVER = new AbortController().signal;

/** What all names of hosts promise; `nobody.invalid` is a name that nobody has. */
export function hostNamesContract(name: string, open: () => HostNames): void {
  describe(`the contract of host names: ${name}`, () => {
    it("finds this machine", async () => {
      expect(await open().find("localhost", NEVER)).toEqual({ kind: "found" });
    });

    it("does not find what nobody has, and says why", async () => {
      const answer = await open().find("nobody.invalid", NEVER);

      expect(answer).toMatchObject({
        kind: expect.stringMatching(/^no-/u),
        detail: expect.stringContaining("nobody.invalid"),
      });
    });

    it("answers the same question twice at once", async () => {
      const names = open();

      const both = await Promise.all([
        names.find("localhost", NEVER),
        names.find("localhost", NEVER),
      ]);

      expect(both).toEqual([{ kind: "found" }, { kind: "found" }]);
    });

    it("asks nothing when it is called off already", async () => {
      const reason = new Error("the daemon ends");

      await expect(open().find("localhost", AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}
