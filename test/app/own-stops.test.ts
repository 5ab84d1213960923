import { describe, expect, it } from "vitest";
import { isOurStop, stoppedByPeople } from "../../src/app/own-stops.ts";
import type { Recovery } from "../../src/model/history.ts";
import { aHistory, aPlan, aRecovery, aService, NOON } from "../support/builders.ts";

const STOPPED = { status: "stopped", pid: 0, startedAt: NOON - 60_000 } as const;

/** A recovery that stopped `api` at noon and then came to its end. */
function stopping(over: Partial<Recovery>): ReturnType<typeof aHistory> {
  const step = { id: "stop-service:api", kind: "stop-service", phase: "act" as const };
  const plan = aPlan({ steps: [{ ...step, services: ["api"] }] });
  const done = { kind: "done" as const, detail: "stopped" };
  const steps = [{ step: step.id, startedAt: NOON, finishedAt: NOON + 100, outcome: done }];
  return aHistory({ recoveries: [aRecovery(NOON + 1000, { plan, steps, ...over })] });
}

const FAILED = {
  ended: { at: NOON + 1000, result: "needs-human" as const, reason: "will not start" },
};

describe("a service that stands still", () => {
  it("was stopped by a person where no recovery is to blame", () => {
    const service = aService("api", STOPPED);

    expect(stoppedByPeople([service], aHistory({})).map((one) => one.name)).toEqual(["api"]);
  });

  it("was stopped by rollwatch where a recovery stopped it and gave up", () => {
    const service = aService("api", STOPPED);

    expect(isOurStop(service, stopping(FAILED))).toBe(true);
    expect(stoppedByPeople([service], stopping(FAILED))).toEqual([]);
  });

  it("is rollwatch's still while another plan waits, or has been begun but stopped nothing", () => {
    const service = aService("api", STOPPED);
    const [failed] = stopping(FAILED).recoveries;
    const { ended: _open, ...next } = aRecovery(NOON + 9000, { steps: [] });

    const waiting = aHistory({ recoveries: [...(failed === undefined ? [] : [failed]), next] });

    expect(isOurStop(service, waiting)).toBe(true);
  });

  it("is a person's again once it was started after that, or the recovery completed", () => {
    const later = aService("api", { ...STOPPED, startedAt: NOON + 5000 });

    expect(isOurStop(later, stopping(FAILED))).toBe(false);
    expect(isOurStop(aService("api", STOPPED), stopping({}))).toBe(false);
  });

  it("is not rollwatch's where the recovery had nothing to do with it", () => {
    expect(isOurStop(aService("importer", STOPPED), stopping(FAILED))).toBe(false);
  });
});
