import { describe, expect, it } from "vitest";
import type { Audits, Dependencies } from "../../src/system/npm-audit.ts";

/** Audits that know one critical advisory (1001, `Pads right`) against left-pad 1.0.0, and what depends on that and on 1.0.1. */
export interface AuditsUnderTest {
  readonly audits: Audits;
  readonly registry: string;
  readonly concerned: Dependencies;
  readonly mended: Dependencies;
}

/** What all audits promise. */
export function auditsContract(name: string, prepare: () => Promise<AuditsUnderTest>): void {
  describe(`the contract of audits: ${name}`, () => {
    it("tells the advisories that concern what is depended on", async () => {
      const { audits, registry, concerned } = await prepare();

      const audit = await audits.audit(concerned, { registry, timeoutMs: 25_000 }, live());

      expect(audit).toEqual({
        kind: "audited",
        advisories: [{ id: "1001", package: "left-pad", title: "Pads right", level: "critical" }],
      });
    });

    it("tells none where none concerns it", async () => {
      const { audits, registry, mended } = await prepare();

      const audit = await audits.audit(mended, { registry, timeoutMs: 25_000 }, live());

      expect(audit).toEqual({ kind: "audited", advisories: [] });
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { audits, registry, mended } = await prepare();
      const reason = new Error("told to stop");

      const auditing = audits.audit(
        mended,
        { registry, timeoutMs: 25_000 },
        AbortSignal.abort(reason),
      );

      await expect(auditing).rejects.toBe(reason);
    });
  });
}

function live(): AbortSignal {
  return new AbortController().signal;
}
