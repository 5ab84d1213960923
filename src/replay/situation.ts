import type { BreachSituation, Breached, Target } from "../decide/situation.ts";
import type { PolicySettings } from "../decide/policy.ts";
import type { ServiceSettings } from "../model/application.ts";
import type { Control } from "../model/control.ts";
import type { ClockSet, History, Incident, Recovery } from "../model/history.ts";
import { isSameRelease, type Change, type Identity } from "../model/identity.ts";
import type { RecordedControl, RecordedService } from "../model/recording.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import type { SignalRule } from "../model/signal.ts";

/** The configuration that is replayed against. */
export interface ReplaySetup {
  readonly rules: readonly SignalRule[];
  /** Signals that ask an address: where no service is known to answer it, nobody's stop explains them. */
  readonly asking: ReadonlySet<string>;
  readonly policy: PolicySettings;
  readonly work: readonly Pick<ServiceSettings, "name" | "work" | "boot">[];
}

/** Everything around the signals as it was recorded up to now. */
export interface Surroundings {
  readonly controls: readonly Control[];
  readonly services: readonly Service[];
  readonly changes: readonly Change[];
  readonly clockSets: readonly ClockSet[];
  /** What was deployed before the first change; undefined where nobody knows. */
  readonly first?: Identity;
}

/** What is remembered of the simulated decisions. */
export interface Past {
  readonly incidents: readonly Incident[];
  readonly recoveries: readonly Recovery[];
}

/** What nobody can know of a recording, as it is supposed instead. */
export const SUPPOSED: readonly string[] = [
  "the release before the newest change was proven healthy and is ready",
  "rollwatch held its lock, was not paused, and nobody was deploying",
  "what it would have done took effect at once, and changed nothing of what was recorded",
];

/** The history that guards are asked about. */
function historyOf({ changes }: Surroundings, past: Past): History {
  return {
    changes,
    releases: [],
    floors: [],
    incidents: past.incidents,
    recoveries: past.recoveries,
    outbox: [],
    told: new Set(),
    daemonStarts: [],
  };
}

/** Everything that the decision about a breach rests on, as far as it was recorded. */
export function situationOf(
  setup: ReplaySetup,
  around: Surroundings,
  past: Past,
  asked: { readonly now: number; readonly verdict: Breached; readonly since: number },
): BreachSituation {
  const { verdict } = asked;
  const breached = new Set(verdict.breaches.map((one) => one.signal));
  const own = setup.rules.filter((rule) => breached.has(rule.name));
  const accused = verdict.breaches.flatMap((one) => one.service ?? []);
  const owners = own.flatMap((rule) => rule.service ?? []);
  const stopped = around.services.filter(isStoppedByPerson).map((one) => one.name);
  const identity = deployed(around);
  return {
    ...asked,
    policy: setup.policy,
    history: historyOf(around, past),
    identity,
    controls: around.controls,
    services: around.services,
    stopped,
    concerned: [...new Set([...accused, ...owners])],
    unattributed: own
      .filter((rule) => setup.asking.has(rule.name) && rule.service === undefined)
      .map((rule) => rule.name),
    target: targetOf(around, identity),
    busy: [],
    work: setup.work.filter((service) => !stopped.includes(service.name)),
    lockHeld: true,
    evidence: evidenceOf(setup, verdict),
    clockSets: around.clockSets,
  };
}

/** Beside the trigger that is decided about, a signal counts whose own trigger may act by itself. */
function evidenceOf(
  { rules, policy }: ReplaySetup,
  { breaches, trigger }: Breached,
): BreachSituation["evidence"] {
  const moving = breaches.filter(
    (one) => one.trigger === trigger || policy.triggers[one.trigger].mode === "auto",
  );
  const names = new Set(moving.map((one) => one.signal));
  return [...new Set(rules.flatMap((rule) => (names.has(rule.name) ? [rule.evidence] : [])))];
}

/** What is deployed as far as it was recorded. */
export function deployed({ changes, first }: Surroundings): Identity {
  return changes.at(-1)?.to ?? first ?? {};
}

/** The release before the newest change, supposed to be proven and ready. */
function targetOf({ changes, first }: Surroundings, identity: Identity): Target {
  const newest = changes.at(-1);
  if (newest === undefined) {
    return { kind: "none", reason: "no change was recorded, and so no release before it" };
  }
  const known = [...(first === undefined ? [] : [first]), ...changes.map((one) => one.to)];
  const others = known.filter((one) => !isSameRelease(one, identity));
  // One deployment is seen in several changes: the commit first, what is served later.
  const before = others.findLast((one) => one.commit !== identity.commit) ?? others.at(-1) ?? {};
  return {
    kind: "candidate",
    release: {
      format: 1,
      id: "the-release-before",
      capturedAt: newest.after,
      tag: null,
      identity: before,
      artifacts: [],
      configFiles: [],
      services: [],
      interpreter: "",
    },
    provenAt: newest.after,
    readiness: { kind: "ready", checkedAt: newest.at },
  };
}

/** A control as it answered; its words were not recorded. */
export function controlOf({ name, state, takenBy, outage }: RecordedControl): Control {
  const detail = "as recorded";
  return {
    name,
    state,
    detail,
    ...(takenBy === undefined ? {} : { takenBy }),
    ...(outage === undefined ? {} : { outage: { ...outage, detail } }),
  };
}

/** A service as pm2 would have it; what was not recorded is left empty. */
export function serviceOf({ name, instances }: RecordedService): Service {
  return {
    name,
    instances: instances.map((one, id) => ({
      ...one,
      id,
      uniqueId: `${name}-${one.startedAt}`,
      pid: 0,
      cwd: "",
      script: "",
      killTimeoutMs: 0,
      waitReady: false,
      listenTimeoutMs: 0,
      definitionHash: "",
    })),
  };
}

/** Services that run since before the recording; for one that does not mention them. */
export function unrecordedServices({ work }: ReplaySetup): readonly Service[] {
  return work.map(({ name }) =>
    serviceOf({
      name,
      instances: [{ status: "online", restarts: 0, startedAt: 0, autorestart: true }],
    }),
  );
}
