import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { GUARDS } from "../../src/decide/guards/index.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import type { BreachSituation, Target, TargetAdvisories } from "../../src/decide/situation.ts";
import type { Control } from "../../src/model/control.ts";
import type { SchemaVerdict } from "../../src/model/schema-difference.ts";
import type { Cause } from "../../src/model/verdict.ts";
import {
  aBreachedVerdict,
  aChange,
  aHistory,
  anIdentity,
  anIncident,
  aPlan,
  aRecovery,
  aRelease,
  aService,
  aSituation,
  BAD_COMMIT,
  greenControls,
  NOON,
} from "../support/builders.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = aSituation().now;

/** What a guard leaves: `allow`, or the most that remains. */
function leftBy(id: string, over: Partial<BreachSituation>): string {
  const opinion = GUARDS.find((guard) => guard.id === id)?.check(aSituation(over));
  return opinion?.answer === "block" ? opinion.atMost : (opinion?.answer ?? "no such guard");
}

function mode(chosen: string): Partial<BreachSituation> {
  return { policy: PolicySettings.parse({ triggers: { "system-down": { mode: chosen } } }) };
}

function cause(likely: Cause): Partial<BreachSituation> {
  return { verdict: aBreachedVerdict({ attribution: { cause: likely, evidence: [] } }) };
}

/** What should watch is broken, and nothing else. */
function unwatched(likely: Cause): Partial<BreachSituation> {
  const attribution = { cause: likely, evidence: [] };
  return { verdict: aBreachedVerdict({ trigger: "monitoring-broken", attribution }) };
}

function changed(...changes: Parameters<typeof aChange>): Partial<BreachSituation> {
  return { history: aHistory({ changes: changes.map((one) => aChange(one)) }) };
}

function control(name: string, state: "red" | "unknown"): Partial<BreachSituation> {
  return { controls: greenControls().map((one) => (one.name === name ? { ...one, state } : one)) };
}

function target(over: Partial<Extract<Target, { kind: "candidate" }>>): Partial<BreachSituation> {
  const { target: usual } = aSituation();
  return usual.kind === "candidate" ? { target: { ...usual, ...over } } : {};
}

function floored(
  capturedAt: number,
  identity = anIdentity({ commit: "f0" }),
): Partial<BreachSituation> {
  const floor = { release: "rel-floor", identity, capturedAt, by: "kim", reason: "CVE", at: NOON };
  return { history: aHistory({ floors: [floor] }) };
}

function known(...added: readonly string[]): TargetAdvisories {
  return { kind: "known", added };
}

function targetRelease(over: Parameters<typeof aRelease>[0]): Partial<BreachSituation> {
  return target({ release: aRelease(over) });
}

function recovered(
  ...recoveries: readonly ReturnType<typeof aRecovery>[]
): Partial<BreachSituation> {
  return { history: aHistory({ recoveries }) };
}

function deployed(...commits: readonly string[]): Partial<BreachSituation> {
  const changes = commits.map((commit, index) =>
    aChange({ at: NOON - 60_000 + index, to: anIdentity({ commit }) }),
  );
  return { history: aHistory({ changes }) };
}

/** Plans of the open incident that ended without anybody's word. */
function unapproved(count: number): Partial<BreachSituation> {
  const recoveries = Array.from({ length: count }, (_, index) =>
    aRecovery(3, {
      plan: aPlan({ id: `plan-${index}` }),
      attempts: [],
      ended: { at: 3, result: "cancelled", reason: "nobody approved it in time" },
    }),
  );
  return { history: aHistory({ incidents: [anIncident()], recoveries }) };
}

/** The structure of the database, compared with that of the target's time. */
function compared(verdict: SchemaVerdict): Partial<BreachSituation> {
  return { schema: { kind: "compared", comparison: { verdict, differences: [] } } };
}

function migrated(verdict: SchemaVerdict = "unchanged"): Partial<BreachSituation> {
  return { identity: anIdentity({ schema: "003_summary (3)" }), ...compared(verdict) };
}

const UNCOMPARED: Partial<BreachSituation> = {
  schema: { kind: "unknown", reason: "it was not kept" },
};
const NO_TARGET: Partial<BreachSituation> = {
  target: { kind: "none", reason: "nothing was proven yet" },
};
const OF_SOMETHING_ELSE = aPlan({
  from: anIdentity({ commit: "c".repeat(40) }),
  target: "rel-else",
});
const STOPPED = { status: "stopped", pid: 0 } as const;
const UNCHANGED: Partial<BreachSituation> = { history: aHistory({ changes: [] }) };

/** A restart of the api that ended at `at`. */
function aRestart(
  at: number,
  over: Parameters<typeof aPlan>[0] = {},
): ReturnType<typeof aRecovery> {
  const step = { id: "restart-service:api", kind: "restart-service", phase: "act" } as const;
  const plan = aPlan({
    scope: "service",
    target: null,
    steps: [{ ...step, service: "api" }],
    ...over,
  });
  return aRecovery(at, { plan, plannedAt: at });
}

function braked(
  brake: "pause" | "maintenance" | "observing",
  until: number | null,
): Partial<BreachSituation> {
  return { history: aHistory({ [brake]: { by: "Ada", reason: "new disk", at: NOON, until } }) };
}

function started(ago: number, over: Parameters<typeof aService>[1] = {}): Partial<BreachSituation> {
  return { services: [aService("api", { startedAt: NOW - ago, ...over }), aService("importer")] };
}

function budgets(restarts: object): Partial<BreachSituation> {
  const triggers = { "system-down": { mode: "auto" } };
  return { policy: PolicySettings.parse({ triggers, restarts }) };
}

/** A database without a connection left. */
/** Green again; red from and until so many ms after noon. */
function wasRed(name: string, from: number, until: number): Partial<BreachSituation> {
  const outage = { from: NOON + from, until: NOON + until, detail: "" };
  return {
    controls: greenControls().map((one) => (one.name === name ? { ...one, outage } : one)),
  };
}

function taken(takenBy: NonNullable<Control["takenBy"]>): Partial<BreachSituation> {
  return {
    controls: greenControls().map((one) =>
      one.name === "database" ? { ...one, state: "red", takenBy } : one,
    ),
  };
}

const ROWS: readonly (readonly [string, string, Partial<BreachSituation>, string])[] = [
  ["mode", "is auto", mode("auto"), "allow"],
  ["mode", "is recommend", mode("recommend"), "recommend"],
  ["mode", "is shadow", mode("shadow"), "hold"],
  ["mode", "is off", mode("off"), "hold"],
  ["cause", "is the release", cause("release"), "allow"],
  [
    "cause",
    "is the release, but only what watches it is broken",
    unwatched("release"),
    "recommend",
  ],
  ["cause", "is the configuration of what watches", unwatched("configuration"), "allow"],
  ["cause", "is the configuration", cause("configuration"), "allow"],
  ["cause", "is a migration", cause("migration"), "recommend"],
  ["cause", "is unknown", cause("unknown"), "recommend"],
  ["cause", "is the database", cause("database"), "hold"],
  ["cause", "is the host", cause("host"), "hold"],
  ["cause", "is an upstream", cause("upstream"), "hold"],
  ["cause", "is the monitoring", cause("monitoring"), "hold"],
  ["change-in-blame-window", "has a change before the breach", changed({}), "allow"],
  ["change-in-blame-window", "has none", UNCHANGED, "hold"],
  [
    "change-in-blame-window",
    "has one after it only",
    changed({ after: NOON + 1, at: NOON + 2 }),
    "hold",
  ],
  [
    "change-in-blame-window",
    "has one two hours before",
    changed({ after: NOON - 2 * HOUR - MINUTE, at: NOON - 2 * HOUR }),
    "allow",
  ],
  [
    "change-in-blame-window",
    "has one earlier than that",
    changed({ after: 0, at: NOON - 2 * HOUR - 1 }),
    "hold",
  ],
  ["not-before-change", "has an incident that began with the change", {}, "allow"],
  [
    "not-before-change",
    "has an incident since before the change",
    { since: NOON - 5001 },
    "recommend",
  ],
  [
    "not-before-change",
    "has an earlier incident that was still open at the change",
    {
      history: aHistory({
        incidents: [
          anIncident({
            since: NOON - HOUR,
            closed: { at: NOON - 1000, outcome: "held", reason: "" },
          }),
        ],
      }),
    },
    "recommend",
  ],
  [
    "not-before-change",
    "has an open incident that is older, in which this breach is new",
    { history: aHistory({ incidents: [anIncident({ since: NOON - HOUR })] }) },
    "allow",
  ],
  [
    "not-before-change",
    "has an earlier incident that was closed before the change",
    {
      history: aHistory({
        incidents: [
          anIncident({
            since: NOON - HOUR,
            closed: { at: NOON - MINUTE, outcome: "held", reason: "" },
          }),
        ],
      }),
    },
    "allow",
  ],
  ["controls-green", "are all green", {}, "allow"],
  ["controls-green", "have a red database", control("database", "red"), "recommend"],
  [
    "controls-green",
    "have a database that its application has filled",
    taken("application"),
    "allow",
  ],
  ["controls-green", "have a database that others have filled", taken("others"), "recommend"],
  ["controls-green", "have a database that somebody has filled", taken("unknown"), "recommend"],
  ["controls-green", "have no database configured", control("database", "unknown"), "allow"],
  ["controls-green", "have an unanswered loopback", control("loopback", "unknown"), "recommend"],
  ["controls-green", "were never asked", { controls: [] }, "recommend"],
  // NOON is the first bad sample, and it is asked five seconds later
  [
    "controls-green",
    "show a long lag in which it began",
    wasRed("event-loop", -20_000, 1000),
    "hold",
  ],
  [
    "controls-green",
    "show a blink in which it began",
    wasRed("event-loop", -10_000, 1000),
    "allow",
  ],
  ["controls-green", "show a lag before it began", wasRed("event-loop", -20_000, -1), "allow"],
  [
    "controls-green",
    "show a lag that it has outlasted by a minute",
    { ...wasRed("event-loop", -20_000, 1000), now: NOON + 61_000 },
    "allow",
  ],
  ["controls-green", "show a database that was dead", wasRed("database", -20_000, 1000), "allow"],
  ["stopped-by-person", "finds everything running", {}, "allow"],
  [
    "stopped-by-person",
    "finds the breached service stopped",
    { services: [aService("api", STOPPED), aService("importer")], stopped: ["api"] },
    "hold",
  ],
  [
    "stopped-by-person",
    "finds another one stopped",
    { services: [aService("api"), aService("importer", STOPPED)], stopped: ["importer"] },
    "allow",
  ],
  [
    "stopped-by-person",
    "finds all stopped",
    { concerned: [], services: [aService("importer", STOPPED)], stopped: ["importer"] },
    "hold",
  ],
  [
    "stopped-by-person",
    "cannot tell whether the stopped one answers the breached probe",
    {
      concerned: [],
      unattributed: ["front-page"],
      services: [aService("api"), aService("importer", STOPPED)],
      stopped: ["importer"],
    },
    "recommend",
  ],
  [
    "stopped-by-person",
    "finds it errored",
    { services: [aService("api", { status: "errored" })] },
    "allow",
  ],
  ["services-known", "finds all in pm2", {}, "allow"],
  [
    "services-known",
    "misses one that somebody deleted",
    { services: [{ name: "api", instances: [] }, aService("importer")] },
    "recommend",
  ],
  ["preparable", "knows of no failed preparation", {}, "allow"],
  [
    "preparable",
    "remembers one of this incident that failed",
    {
      history: aHistory({
        incidents: [anIncident()],
        recoveries: [
          aRecovery(3, {
            plan: aPlan({ incident: anIncident().id }),
            steps: [
              {
                step: "stage:server",
                startedAt: 1,
                finishedAt: 2,
                outcome: { kind: "failed", detail: "ENOSPC" },
              },
            ],
            ended: { at: 3, result: "cancelled", reason: "stage:server: ENOSPC" },
          }),
        ],
      }),
    },
    "recommend",
  ],
  [
    "preparable",
    "counts the third cancelled plan of the incident",
    {
      history: aHistory({
        incidents: [anIncident()],
        recoveries: ["p1", "p2", "p3"].map((id) =>
          aRecovery(3, {
            plan: aPlan({ id, incident: anIncident().id }),
            ended: { at: 3, result: "cancelled", reason: "not confirmed" },
          }),
        ),
      }),
    },
    "recommend",
  ],
  [
    "change-in-blame-window",
    "does not know when, because rollwatch was away for hours",
    changed({ after: NOON - 5 * HOUR, at: NOON - MINUTE }),
    "recommend",
  ],
  ["pm2-alive", "answers", {}, "allow"],
  ["pm2-alive", "is red", control("pm2", "red"), "hold"],
  ["pm2-alive", "was not asked", { controls: [] }, "hold"],
  ["target-proven", "has one", {}, "allow"],
  ["target-proven", "has none", NO_TARGET, "hold"],
  [
    "target-proven",
    "has one that runs already",
    targetRelease({ identity: anIdentity({ commit: BAD_COMMIT }) }),
    "recommend",
  ],
  ["target-proven", "has one of seven days", target({ provenAt: NOW - 7 * DAY }), "allow"],
  [
    "target-proven",
    "has one captured long ago and proven since",
    targetRelease({ capturedAt: NOW - 30 * DAY }),
    "allow",
  ],
  ["target-proven", "has an older one", target({ provenAt: NOW - 7 * DAY - 1 }), "recommend"],
  [
    "target-proven",
    "overlooks a newer one",
    {
      history: aHistory({
        releases: [
          {
            id: "rel-newer",
            identity: anIdentity({ commit: "c".repeat(40) }),
            tag: null,
            capturedAt: 1,
            provenAt: NOON - MINUTE,
          },
        ],
      }),
    },
    "recommend",
  ],
  ["target-proven", "is one release back, seen twice", deployed(BAD_COMMIT, BAD_COMMIT), "allow"],
  ["target-proven", "is two releases back", deployed("c".repeat(40), BAD_COMMIT), "recommend"],
  [
    "target-proven",
    "is one back since its return",
    deployed("c".repeat(40), "a".repeat(40), BAD_COMMIT),
    "allow",
  ],
  ["target-ready", "is", {}, "allow"],
  [
    "target-ready",
    "is not",
    target({ readiness: { kind: "not-ready", checkedAt: NOON, problems: ["hash"] } }),
    "recommend",
  ],
  ["target-ready", "has no target", NO_TARGET, "hold"],
  ["schema-unchanged", "is", {}, "allow"],
  [
    "schema-unchanged",
    "is not",
    { identity: anIdentity({ schema: "003_summary (3)" }) },
    "recommend",
  ],
  ["schema-unchanged", "has no target", NO_TARGET, "hold"],
  ["schema-unchanged", "is, in its structure, and only rows were migrated", migrated(), "allow"],
  ["schema-unchanged", "is only added to", migrated("additive"), "allow"],
  ["schema-unchanged", "may break the older code", migrated("breaking"), "recommend"],
  ["schema-unchanged", "may break it without a migration", compared("breaking"), "recommend"],
  ["schema-unchanged", "is at the same migration and cannot be compared", UNCOMPARED, "allow"],
  [
    "schema-unchanged",
    "is at another migration and cannot be compared",
    { ...migrated(), ...UNCOMPARED },
    "recommend",
  ],
  [
    "schema-unchanged",
    "has no migrations and cannot be compared",
    {
      ...targetRelease({ identity: anIdentity({ schema: null }) }),
      identity: anIdentity({ schema: null }),
      ...UNCOMPARED,
    },
    "recommend",
  ],
  [
    "schema-unchanged",
    "is without migrations then and now",
    {
      ...targetRelease({ identity: anIdentity({ schema: null }) }),
      identity: anIdentity({ schema: null }),
    },
    "allow",
  ],
  ["cooldown", "has seen no rollback", {}, "allow"],
  ["cooldown", "has seen one 59 minutes ago", recovered(aRecovery(NOW - 59 * MINUTE)), "recommend"],
  ["cooldown", "has seen one an hour ago", recovered(aRecovery(NOW - HOUR)), "allow"],
  [
    "cooldown",
    "has seen one cancelled",
    recovered(aRecovery(NOW - 1, { ended: { at: NOW - 1, result: "cancelled", reason: "" } })),
    "allow",
  ],
  [
    "cooldown",
    "has seen a person's",
    recovered(aRecovery(NOW - 1, { plan: aPlan({ requestedBy: "kim" }) })),
    "recommend",
  ],
  ["not-rolled-back-before", "has never been", {}, "allow"],
  ["not-rolled-back-before", "is our own rollback", changed({ plan: "plan-0" }), "hold"],
  [
    "not-rolled-back-before",
    "was rolled back from",
    recovered(aRecovery(NOON - 30 * DAY)),
    "recommend",
  ],
  [
    "not-rolled-back-before",
    "concerned something else",
    recovered(aRecovery(NOON - DAY, { plan: OF_SOMETHING_ELSE })),
    "allow",
  ],
  [
    "not-rolled-back-before",
    "concerned something of which nothing is known",
    recovered(aRecovery(NOON - DAY, { plan: aPlan({ from: {}, target: "rel-else" }) })),
    "allow",
  ],
  [
    "not-rolled-back-before",
    "was rolled back to",
    {
      identity: anIdentity(),
      history: aHistory({
        releases: [
          { id: "rel-good", identity: anIdentity(), tag: null, capturedAt: 1, provenAt: 2 },
        ],
        recoveries: [aRecovery(NOON - DAY)],
      }),
    },
    "recommend",
  ],
  [
    "not-rolled-back-before",
    "did not cure the open incident, whatever is deployed now",
    {
      identity: anIdentity({ commit: "d".repeat(40) }),
      history: aHistory({ incidents: [anIncident()], recoveries: [aRecovery(NOON - DAY)] }),
    },
    "recommend",
  ],
  ["daily-budget", "is untouched", {}, "allow"],
  ["daily-budget", "is spent", recovered(aRecovery(NOW - DAY + 20_001)), "recommend"],
  ["daily-budget", "was spent a day ago", recovered(aRecovery(NOW - DAY + 20_000)), "allow"],
  [
    "daily-budget",
    "is not spent by a person",
    recovered(aRecovery(NOW - HOUR, { plan: aPlan({ requestedBy: "kim" }) })),
    "allow",
  ],
  ["not-quarantined-target", "is clean", {}, "allow"],
  [
    "not-quarantined-target",
    "was bad once",
    recovered(aRecovery(NOON - DAY, { plan: aPlan({ from: anIdentity() }) })),
    "recommend",
  ],
  ["not-quarantined-target", "has no target", NO_TARGET, "hold"],
  ["security-floor", "has no floor, and nobody knows advisories", {}, "allow"],
  ["security-floor", "is older than a floor", floored(aRelease().capturedAt + 1), "recommend"],
  ["security-floor", "is newer than every floor", floored(aRelease().capturedAt - 1), "allow"],
  [
    "security-floor",
    "is a floor itself",
    floored(aRelease().capturedAt + 1, anIdentity()),
    "allow",
  ],
  ["security-floor", "brings no advisory back", { advisories: known() }, "allow"],
  ["security-floor", "brings one back", { advisories: known("left-pad: Pads") }, "recommend"],
  [
    "security-floor",
    "has advisories that nobody knows",
    { advisories: { kind: "unknown", reason: "no signal asks" } },
    "allow",
  ],
  ["security-floor", "has no target", NO_TARGET, "hold"],
  ["no-deployment-running", "finds nobody", {}, "allow"],
  ["no-deployment-running", "finds git at work", { busy: ["git's index is locked"] }, "hold"],
  ["lock-held", "holds", {}, "allow"],
  ["lock-held", "lacks", { lockHeld: false }, "hold"],
  ["safe-work", "is safe", {}, "allow"],
  ["safe-work", "is not", { work: [{ name: "importer", work: "unsafe", boot: 0 }] }, "recommend"],
  ["evidence", "is a probe's", { evidence: ["webhook", "probe"] }, "allow"],
  ["evidence", "is a webhook's alone", { evidence: ["webhook"] }, "recommend"],
  ["evidence", "is none", { evidence: [] }, "recommend"],
  [
    "cooldown",
    "has seen one 10 minutes ago, and the clock was set forward by two hours since",
    {
      ...recovered(aRecovery(NOW - 130 * MINUTE)),
      clockSets: [{ at: NOW - 5 * MINUTE, byMs: 2 * HOUR }],
    },
    "recommend",
  ],
  [
    "cooldown",
    "has seen one two hours ago, and the clock was set forward before that",
    { ...recovered(aRecovery(NOW - 2 * HOUR)), clockSets: [{ at: NOW - 3 * HOUR, byMs: HOUR }] },
    "allow",
  ],
  [
    "cooldown",
    "has seen one 10 minutes ago, and the clock was set back by two hours since",
    {
      ...recovered(aRecovery(NOW + 110 * MINUTE)),
      clockSets: [{ at: NOW - 5 * MINUTE, byMs: -2 * HOUR }],
    },
    "recommend",
  ],
  [
    "daily-budget",
    "has spent the rollback of a day that was none: the clock was set forward",
    { ...recovered(aRecovery(NOW - 25 * HOUR)), clockSets: [{ at: NOW - HOUR, byMs: 24 * HOUR }] },
    "recommend",
  ],
  [
    "change-in-blame-window",
    "has a change before the breach, and the clock was set back since",
    {
      ...changed({}),
      clockSets: [{ at: NOON - HOUR, byMs: -HOUR, lastChangeAt: aChange().at }],
    },
    "recommend",
  ],
  [
    "change-in-blame-window",
    "has a change that was noted after the clock was set back",
    { ...changed({}), clockSets: [{ at: NOON - HOUR, byMs: -HOUR }] },
    "allow",
  ],
  [
    "change-in-blame-window",
    "has a change that happened while the clock was set forward",
    { ...changed({ after: NOON - HOUR }), clockSets: [{ at: NOON - 4000, byMs: HOUR }] },
    "recommend",
  ],
  [
    "change-in-blame-window",
    "has a change before the breach, and the clock was set before that",
    { ...changed({}), clockSets: [{ at: NOON - 60_000, byMs: 3_600_000 }] },
    "allow",
  ],
  ["cooldown", "has seen a restart", recovered(aRestart(NOW - 1)), "allow"],
  ["daily-budget", "is not spent by a restart", recovered(aRestart(NOW - HOUR)), "allow"],
  ["not-rolled-back-before", "was restarted only", recovered(aRestart(NOON - HOUR)), "allow"],
  ["not-quarantined-target", "was restarted only", recovered(aRestart(NOON - HOUR)), "allow"],
  ["preparable", "had plans that nobody approved", unapproved(3), "allow"],
  ["not-paused", "was never paused", {}, "allow"],
  ["not-paused", "is paused for good", braked("pause", null), "hold"],
  ["not-paused", "is paused for a moment more", braked("pause", NOW + 1), "hold"],
  ["not-paused", "was paused until now", braked("pause", NOW), "allow"],
  ["not-paused", "is in maintenance", braked("maintenance", NOW + 1), "allow"],
  ["not-in-maintenance", "was never declared", {}, "allow"],
  ["not-in-maintenance", "is on", braked("maintenance", NOW + 1), "hold"],
  ["not-in-maintenance", "is over", braked("maintenance", NOW), "allow"],
  ["no-restart-storm", "runs steadily", {}, "allow"],
  ["no-restart-storm", "distrusts itself", braked("observing", NOW + 1), "recommend"],
  ["no-restart-storm", "has been quiet long enough", braked("observing", NOW), "allow"],
  ["booted", "has run for an hour", {}, "allow"],
  ["booted", "was started a moment ago", started(9999), "hold"],
  ["booted", "has had its ten seconds", started(10_000), "allow"],
  ["booted", "was started before the clock was set back", started(-18_000_000), "allow"],
  ["booted", "is about another service", { ...started(1), concerned: ["importer"] }, "allow"],
  ["booted", "crashed meanwhile", started(1, { status: "waiting-restart" }), "allow"],
  ["booted", "was given up by pm2", started(1, { status: "errored" }), "allow"],
  ["booted", "was started after the breach began", { ...started(1), since: NOW - 9000 }, "hold"],
  ["booted", "was started by pm2 again", { ...started(1), since: NOW - 10_001 }, "allow"],
  ["booted", "is not known to pm2", { services: [] }, "allow"],
  ["no-change", "has none", UNCHANGED, "allow"],
  ["no-change", "has one after the breach", changed({ after: NOON + 1, at: NOON + 2 }), "allow"],
  ["no-change", "has one to take back", {}, "hold"],
  ["restart-cures", "is unknown", cause("unknown"), "allow"],
  ["restart-cures", "is the release", cause("release"), "hold"],
  ["restart-cures", "is the configuration", cause("configuration"), "hold"],
  ["restart-cures", "is a migration", cause("migration"), "hold"],
  ["restart-cures", "is the database", cause("database"), "hold"],
  ["restart-cures", "is the host", cause("host"), "hold"],
  ["restart-cures", "is an upstream", cause("upstream"), "hold"],
  ["restart-cures", "is the monitoring", cause("monitoring"), "hold"],
  ["restartable", "is one running service", {}, "allow"],
  ["restartable", "is no service at all", { concerned: [] }, "hold"],
  ["restartable", "is not configured", { concerned: ["api", "gone"] }, "hold"],
  ["restartable", "is not in pm2", { services: [{ name: "api", instances: [] }] }, "hold"],
  ["restartable", "is stopped", { services: [aService("api", STOPPED)] }, "hold"],
  ["restartable", "is errored", { services: [aService("api", { status: "errored" })] }, "allow"],
  ["restart-budget", "is untouched", {}, "allow"],
  ["restart-budget", "is spent for the hour", recovered(aRestart(NOW - HOUR + 1)), "recommend"],
  ["restart-budget", "was spent an hour ago", recovered(aRestart(NOW - HOUR)), "allow"],
  [
    "restart-budget",
    "is spent for the day",
    recovered(...[2, 3, 4].map((hours) => aRestart(NOW - hours * HOUR))),
    "recommend",
  ],
  [
    "restart-budget",
    "was spent partly the day before",
    recovered(...[2, 3, 24].map((hours) => aRestart(NOW - hours * HOUR))),
    "allow",
  ],
  [
    "restart-budget",
    "is not spent by a person",
    recovered(aRestart(NOW - 1, { requestedBy: "kim" })),
    "allow",
  ],
  [
    "restart-budget",
    "is another service's",
    { ...recovered(aRestart(NOW - 1)), concerned: ["importer"] },
    "allow",
  ],
  ["restart-budget", "is not spent by a rollback", recovered(aRecovery(NOW - 1)), "allow"],
  ["restart-budget", "is nothing", budgets({ perHour: 0 }), "recommend"],
  [
    "restart-budget",
    "is larger by configuration",
    { ...recovered(aRestart(NOW - 1)), ...budgets({ perHour: 2 }) },
    "allow",
  ],
  ["not-restarted-before", "is the first of its incident", {}, "allow"],
  [
    "not-restarted-before",
    "follows one of the same incident",
    { history: aHistory({ incidents: [anIncident()], recoveries: [aRestart(NOW - 1)] }) },
    "hold",
  ],
  [
    "not-restarted-before",
    "follows one by a person's hand in the same incident",
    {
      history: aHistory({
        incidents: [anIncident()],
        recoveries: [aRestart(NOW - 1, { requestedBy: "kim" })],
      }),
    },
    "hold",
  ],
  [
    "not-restarted-before",
    "follows one of an earlier incident",
    {
      history: aHistory({
        incidents: [anIncident()],
        recoveries: [aRestart(NOW - 1, { incident: "inc-0" })],
      }),
    },
    "allow",
  ],
  ["restart-safe-work", "is safe", {}, "allow"],
  [
    "restart-safe-work",
    "is not",
    { work: [{ name: "api", work: "unsafe", boot: 0 }] },
    "recommend",
  ],
  [
    "restart-safe-work",
    "is not in a service that goes on",
    { work: [{ name: "importer", work: "unsafe", boot: 0 }] },
    "allow",
  ],
];

describe("guards", () => {
  it.each(ROWS)("%s: when it %s", (id, _when, over, left) => {
    expect(leftBy(id, over)).toBe(left);
  });

  it("say which of them will soon think otherwise", () => {
    const soon = GUARDS.filter((guard) => {
      const opinion = guard.check(aSituation({ ...started(1), busy: ["git"], lockHeld: false }));
      return opinion.answer === "block" && opinion.soon === true;
    });

    expect(soon.map((guard) => guard.id)).toEqual(["booted"]);
  });

  it("treat an unknown schema revision as one that changed, on either side", () => {
    const { schema: _unknown, ...identity } = anIdentity();

    const left = [
      leftBy("schema-unchanged", { identity }),
      leftBy("schema-unchanged", targetRelease({ identity })),
    ];

    expect(left).toEqual(["recommend", "recommend"]);
  });

  it("do not take a release without proof for a target", () => {
    const readiness = { kind: "ready", checkedAt: NOON } as const;

    const left = leftBy("target-proven", {
      target: { kind: "candidate", release: aRelease(), readiness },
    });

    expect(left).toBe("recommend");
  });

  it("each have an allowing and a blocking row above", () => {
    const covered = GUARDS.filter(({ id }) => {
      const left = new Set(ROWS.filter((row) => row[0] === id).map((row) => row[3]));
      return left.has("allow") && left.size > 1;
    });

    expect(covered).toEqual(GUARDS);
  });

  it("each have exactly one row in the decision table", () => {
    const text = readFileSync(resolve(import.meta.dirname, "../../docs/decision-table.md"), "utf8");
    const rows = [...text.matchAll(/^\| `([a-z0-9-]+)`/gmu)].map((match) => match[1]);

    expect(rows).toEqual(GUARDS.map((guard) => guard.id));
  });
});
