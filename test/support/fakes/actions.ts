import type { Actions, PlanReport } from "../../../src/model/actions.ts";
import { aStatus } from "./operations.ts";

const NOW = 1_800_000_000_000;

/** A plan that waits for a system administrator. */
export function aPlanReport(more: Partial<PlanReport> = {}): PlanReport {
  return {
    id: "plan-1",
    incident: "inc-1",
    scope: "application",
    target: "rel-1",
    requestedBy: "policy",
    createdAt: NOW - 60_000,
    deadline: NOW + 240_000,
    hash: "ab".repeat(32),
    steps: [{ id: "switch:server", kind: "switch", describe: "put server back (212 files)" }],
    kept: [{ path: ".env", reason: "changed by hand" }],
    approval: {
      roles: ["system-administrator"],
      everyRole: false,
      askedAt: NOW - 60_000,
      expiresAt: NOW + 600_000,
      countdownMs: null,
      given: [],
      rejected: null,
    },
    state: "waiting",
    ended: null,
    ...more,
  };
}

/** A plan by hand that ended so. */
export function anEndedPlan(result: string, reason = "verified"): PlanReport {
  const ended = { at: NOW + 9000, result, reason };
  return aPlanReport({ requestedBy: "ada", approval: null, state: "ended", ended });
}

/** Actions that write down what they were asked, by whom, and do nothing. */
export function fakeActions(more: Partial<Actions> = {}): {
  readonly actions: Actions;
  readonly calls: (readonly unknown[])[];
} {
  const calls: (readonly unknown[])[] = [];
  const plain: Actions = {
    pause: async () => undefined,
    resume: async () => ({ ended: [{ by: "Eve", reason: "load test", at: 0, until: null }] }),
    startMaintenance: async () => undefined,
    endMaintenance: async () => undefined,
    report: async () => ({ incident: "inc-7" }),
    rollback: async () => ({ plan: "plan-1", incident: "inc-1" }),
    plan: async () => aPlanReport(),
    approve: async () => aPlanReport({ state: "running" }),
    reject: async () => anEndedPlan("cancelled", "rejected"),
    acknowledge: async () => undefined,
    note: async () => undefined,
    finishTask: async () => undefined,
    label: async () => undefined,
    close: async () => undefined,
    capture: async () => ({ release: "rel-9" }),
    warmRelease: async () => ({
      kind: "ready",
      name: "rollwatch_snap_1",
      at: NOW,
      how: "clone",
      seconds: 2,
    }),
    markRelease: async () => undefined,
    unmarkRelease: async () => undefined,
    dropAside: async () => undefined,
    verifyReleases: async () => ({ releases: aStatus().releases, unreadable: [] }),
    prune: async () => ({ pruned: ["rel-0"] }),
    ...more,
  };
  const actions = new Proxy(plain, {
    get(target, name: keyof Actions) {
      const own = target[name];
      return async (...given: readonly unknown[]) => {
        calls.push([name, ...given.filter((one) => !(one instanceof AbortSignal))]);
        return Reflect.apply(own, target, given);
      };
    },
  });
  return { actions, calls };
}
