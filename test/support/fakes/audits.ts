import type {
  Advisory,
  Audit,
  AuditOptions,
  Audits,
  Dependencies,
} from "../../../src/system/npm-audit.ts";

/** Audits that know what they were told of each lock file; they remember what was asked. */
export interface FakeAudits extends Audits {
  readonly asked: readonly (AuditOptions & Dependencies)[];
  set(lockfile: string, audit: Audit): void;
}

/** Audits where nothing is known against anything. */
export function fakeAudits(): FakeAudits {
  const asked: (AuditOptions & Dependencies)[] = [];
  const told = new Map<string, Audit>();
  return {
    asked,
    set: (lockfile, audit) => {
      told.set(lockfile, audit);
    },
    audit: async (of, options, signal) => {
      signal.throwIfAborted();
      asked.push({ ...of, ...options });
      return told.get(of.lockfile) ?? { kind: "audited", advisories: [] };
    },
  };
}

/** A critical advisory, but for what the test says. */
export function anAdvisory(over: Partial<Advisory> = {}): Advisory {
  return { id: "1001", package: "left-pad", title: "Pads right", level: "critical", ...over };
}
