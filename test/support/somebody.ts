import type { z } from "zod";
import { remoteActions } from "../../src/cli/daemon-client.ts";
import type { PlanReport, Resumed, RollbackRequest } from "../../src/model/actions.ts";
import type { Label } from "../../src/model/facts.ts";
import type { ContactSettings } from "../../src/model/people.ts";
import type { Trigger } from "../../src/model/trigger.ts";
import { parseDuration } from "../../src/model/units.ts";

/** The team of a story: each decides in roles of their own, Max may not approve whatever his role is. */
const TEAM = {
  Ada: { roles: ["system-administrator"] },
  Bo: { roles: ["devops-engineer"] },
  Dana: { roles: ["database-administrator"] },
  Eve: { roles: ["system-administrator", "database-administrator"] },
  Max: { roles: ["system-administrator"], access: ["acknowledge"] },
  Pat: { roles: ["project-manager"] },
} as const;

/** Somebody of the team; `operator` is who sits at this host and proves no name. */
export type Name = keyof typeof TEAM | "operator";

/** The contacts of a story's configuration, each with a token. */
export const CONTACTS: readonly z.input<typeof ContactSettings>[] = Object.entries(TEAM).map(
  ([name, { roles, ...rest }]) => ({
    name,
    roles: [...roles],
    token: tokenOf(name),
    ...("access" in rest ? { access: [...rest.access] } : {}),
  }),
);

/** What a person does about a plan: by its id. */
interface Planned {
  readonly plan: { readonly id: string };
}

/** A person at the daemon's socket. What is refused rejects with the daemon's failure. */
export interface Somebody {
  pauses(duration?: string): Promise<void>;
  resumes(): Promise<Resumed>;
  startsMaintenance(duration: string): Promise<void>;
  endsMaintenance(): Promise<void>;
  /** Returns the incident's id. */
  reports(trigger: Trigger): Promise<string>;
  /** Makes the release a security floor. */
  marks(release: string): Promise<void>;
  unmarks(release: string): Promise<void>;
  rollsBack(to?: string): Promise<{ readonly plan: string; readonly incident: string }>;
  restarts(...services: readonly string[]): Promise<unknown>;
  asks(request: RollbackRequest): Promise<unknown>;
  looksAt(recovery: Planned): Promise<PlanReport>;
  approves(recovery: Planned, hash?: string): Promise<PlanReport>;
  /** Decides alone what takes two. */
  overrides(recovery: Planned, reason: string): Promise<PlanReport>;
  rejects(recovery: Planned): Promise<PlanReport>;
  acknowledges(incident: string): Promise<void>;
  notes(incident: string, text: string): Promise<void>;
  /** Ticks a task of an incident. */
  finishes(incident: string, task: string): Promise<void>;
  labels(incident: string, label: Label): Promise<void>;
  closes(incident: string): Promise<void>;
}

const REASON = "so it is";

/** Somebody who speaks with the daemon of this state folder, as `rollwatch` itself does. */
export function somebody(state: string, name: Name): Somebody {
  const who = name === "operator" ? { by: name } : { by: name, token: tokenOf(name) };
  const { signal } = new AbortController();
  const actions = remoteActions(state, who, signal);
  const by = { name, roles: [], access: [] };
  return {
    pauses: async (duration) => actions.pause({ reason: REASON, forMs: msOf(duration) }, by),
    resumes: async () => actions.resume(by),
    startsMaintenance: async (duration) =>
      actions.startMaintenance({ reason: REASON, forMs: msOf(duration) ?? 0 }, by),
    endsMaintenance: async () => actions.endMaintenance(by),
    reports: async (trigger) => (await actions.report({ trigger, reason: REASON }, by)).incident,
    marks: async (release) =>
      actions.markRelease(release, { securityFloor: true, reason: REASON }, by),
    unmarks: async (release) => actions.unmarkRelease(release, by),
    rollsBack: async (to) => {
      const target = to === undefined ? {} : { to };
      return actions.rollback({ scope: "application", reason: REASON, ...target }, by, signal);
    },
    restarts: async (...services) =>
      actions.rollback({ scope: "service", services: [...services], reason: REASON }, by, signal),
    asks: async (request) => actions.rollback(request, by, signal),
    looksAt: async ({ plan }) => actions.plan(plan.id),
    approves: async ({ plan }, hash) =>
      actions.approve(plan.id, hash === undefined ? {} : { hash }, by),
    overrides: async ({ plan }, reason) => actions.approve(plan.id, { override: reason }, by),
    rejects: async ({ plan }) => actions.reject(plan.id, { reason: REASON }, by),
    acknowledges: async (incident) => actions.acknowledge(incident, by),
    notes: async (incident, text) => actions.note(incident, { text }, by),
    finishes: async (incident, task) => actions.finishTask(incident, { task }, by),
    labels: async (incident, label) => actions.label(incident, { label }, by),
    closes: async (incident) => actions.close(incident, { reason: REASON }, by),
  };
}

/** The token of one of the team. */
export function tokenOf(name: string): string {
  return `the token of ${name}, 16 letters`.replaceAll(" ", "-").replaceAll(",", "");
}

function msOf(duration: string | undefined): number | null {
  return duration === undefined ? null : (parseDuration(duration) ?? Number.NaN);
}
