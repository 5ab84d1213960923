import type { RollbackRequest } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { openIncident, openRecovery, type Incident } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import { changesDatabase, type Plan, type Scope } from "../model/plan.ts";
import type { Trigger } from "../model/trigger.ts";
import { askAgain } from "./ask-again.ts";
import type { Daemon } from "./daemon.ts";
import { draftAction, type Aim } from "./draft-action.ts";
import { askForDatabase, record } from "./follow.ts";
import { openReported } from "./incident.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { incidentOf } from "./planned.ts";
import { withDependents } from "../recover/dependents.ts";
import { usualTarget } from "./readinesses.ts";
import { supposedBreach } from "./supposed.ts";

/** What a person's rollback is for when nothing else says it. */
const TRIGGER: Trigger = "minor-functionality";

/** Plans what a person asks for and records it, so that it begins; refused where it would not be safe. */
export async function rollBackByHand(
  daemon: Daemon,
  request: RollbackRequest,
  by: Person,
  signal: AbortSignal,
): Promise<{ readonly plan: string; readonly incident: string }> {
  const { journal, surroundings } = daemon;
  refuseSecond(daemon);
  await surroundings.lookAtAll(signal);
  const what = whatItIsFor(daemon, request);
  const aim = aimOf(daemon, request);
  await refuseUnsafe(daemon, { aim, what, scope: request.scope }, signal);
  const draft = await draftAction(
    daemon,
    { ...aim, incident: { id: "", ...what }, requestedBy: by.name },
    signal,
  );
  // From here on nothing waits: what is open now is what the plan is recorded for.
  refuseSecond(daemon);
  const reported = { by: by.name, reason: request.reason, forPlan: true } as const;
  const incident =
    openIncident(journal.history())?.id ??
    openReported(daemon, supposedBreach(daemon, what.trigger, what.since), reported);
  const plan = { ...draft, incident };
  if (changesDatabase(plan.scope)) {
    askBoth(daemon, plan, request.reason);
    return { plan: plan.id, incident };
  }
  record(daemon, plan, `${by.name} asked for another plan`);
  daemon.log.warn({ plan: plan.id, by: by.name, reason: request.reason }, "asked for by hand");
  return { plan: plan.id, incident };
}

/** A person who asks for the database's return decides nothing yet. */
function askBoth(daemon: Daemon, plan: Plan, why: string): void {
  const { target, scope, requestedBy } = plan;
  const at = daemon.world.clock.now();
  const kept = scope === "schema" ? "schema" : "database";
  const what = plan.aside ?? `the ${kept} of ${target}`;
  const reason = `${requestedBy} asks for ${what}: ${why}`;
  askForDatabase(daemon, {
    incident: incidentOf(daemon, plan),
    decision: { kind: "recommend", at, reason, guards: [], action: "roll-back", target, scope },
    plan,
  });
}

type What = Pick<Incident, "trigger" | "since">;

function whatItIsFor({ journal, world }: Daemon, { trigger }: RollbackRequest): What {
  const open = openIncident(journal.history());
  return open ?? { trigger: trigger ?? TRIGGER, since: world.clock.now() };
}

async function refuseUnsafe(
  daemon: Daemon,
  { aim, what, scope }: { readonly aim: Aim; readonly what: What; readonly scope: Scope },
  signal: AbortSignal,
): Promise<void> {
  const asked = {
    plan: { scope, target: aim.target },
    incident: what,
    authority: "person",
    services: aim.services,
    lockHeld: isFree(recoveryLockPath(daemon.config)),
  } as const;
  const { reasons } = await askAgain(daemon, asked, signal);
  if (reasons.length > 0) {
    throw new Failure("refused", reasons.join("; "), {
      hint: "`rollwatch rollback --dry-run` shows the plan and everything that refuses it.",
    });
  }
}

function refuseSecond({ journal }: Daemon): void {
  const open = openRecovery(journal.history());
  if (open !== undefined) {
    throw new Failure("refused", `plan ${open.plan.id} is being carried out`, {
      hint: "Wait for its end: `rollwatch status`.",
    });
  }
}

function aimOf(daemon: Daemon, request: RollbackRequest): Aim {
  const { config } = daemon;
  const { scope, to, services = [], kinds, aside } = request;
  refuseMixture(request);
  if (scope === "service") {
    refuseServices(daemon, services);
    const known = config.application.services;
    const names = request.dependents === true ? withDependents(known, services) : services;
    return { action: "restart", scope, target: null, services: names };
  }
  if (services.length > 0) {
    throw new Failure("refused", "an application rollback takes every service along", {
      hint: "Leave --service out, or use --scope service to restart without going back.",
    });
  }
  refuseUnknown(daemon, to);
  const what = {
    ...(kinds === undefined ? {} : { kinds }),
    ...(aside === undefined ? {} : { aside }),
  };
  return { action: "roll-back", scope, target: targetOf(daemon, to, aside), services: [], ...what };
}

/** The release asked for; without one what `usualTarget` says. */
function targetOf(
  { config, journal, surroundings }: Daemon,
  to: string | undefined,
  aside: string | undefined,
): string {
  const target = to ?? usualTarget(journal.history(), surroundings.identity()?.value, aside);
  if (target !== undefined) {
    return target;
  }
  throw aside === undefined
    ? new Failure("catalogue-empty", "there is no proven release to go back to", {
        hint: `Let the daemon watch a good release for ${config.release.bake / 1000} s, or name a captured one with --to.`,
      })
    : new Failure("catalogue-empty", "what is deployed is no captured release", {
        hint: "Capture it (`rollwatch release capture`), or name with --to the release whose code goes along.",
      });
}

function refuseMixture({ scope, kinds, dependents, aside }: RollbackRequest): void {
  if (aside !== undefined && scope !== "database") {
    throw new Failure("refused", "a kept database is put back by the scope database", {
      hint: "Use `rollwatch database undo`.",
    });
  }
  if (kinds !== undefined && scope !== "configuration") {
    throw new Failure("refused", "kinds are those of configuration", {
      hint: "Leave --kind out, or use --scope configuration.",
    });
  }
  if (dependents === true && scope !== "service") {
    throw new Failure("refused", "only a restart takes dependents along", {
      hint: "Leave --dependents out, or use --scope service.",
    });
  }
}

function refuseUnknown({ journal }: Daemon, to: string | undefined): void {
  if (to !== undefined && !journal.history().releases.some(({ id }) => id === to)) {
    throw new Failure("release-unknown", `there is no captured release ${to}`, {
      hint: "`rollwatch release list` shows those there are.",
    });
  }
}

function refuseServices({ config }: Daemon, services: readonly string[]): void {
  const known = config.application.services.map((service) => service.name);
  const unknown = services.filter((name) => !known.includes(name));
  if (services.length === 0 || unknown.length > 0) {
    const what =
      services.length === 0
        ? "no service is named"
        : `${unknown.join(", ")} ${unknown.length === 1 ? "is" : "are"} not configured`;
    throw new Failure("refused", what, {
      hint: `Name with --service one of: ${known.join(", ")}.`,
    });
  }
}
