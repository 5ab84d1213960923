import type { BreachSituation, Breached, Target } from "../decide/situation.ts";
import { messageOf } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { Scope } from "../model/plan.ts";
import type { Readiness, Release } from "../model/release.ts";
import type { EvidenceKind } from "../model/signal.ts";
import type { Daemon } from "./daemon.ts";
import { deploymentUnderWay } from "./locks.ts";
import { stoppedByPeople } from "./own-stops.ts";
import { newestProvenOther } from "./readinesses.ts";
import { schemaStandingOf } from "./schema-standing.ts";
import { advisoriesOf } from "./target-advisories.ts";

/** A check of the target's hashes counts for this many of its intervals. */
const READINESS_INTERVALS = 2;

/** The parts of the daemon that a decision looks at. */
export interface Decider extends Pick<
  Daemon,
  "config" | "world" | "catalogue" | "surroundings" | "readinesses" | "rules"
> {
  readonly journal: Pick<Daemon["journal"], "history">;
  /** Absent for a single command, which has seen no time pass. */
  readonly time?: Daemon["time"];
}

/** What is to be decided about. */
export interface Question {
  readonly verdict: Breached;
  /** The first bad sample of the incident. */
  readonly since: number;
  readonly lockHeld: boolean;
  /** The release to go back to; by default the newest proven one that is not deployed. */
  readonly to?: string;
  /** What the plan takes back. Default application. */
  readonly scope?: Scope;
  /** The services that a person named; by default those that the breached signals are about. */
  readonly concerned?: readonly string[];
  /** Whether only a person's report says so. */
  readonly reportedOnly?: boolean;
}

/** Gathers everything that a decision about this breach rests on. */
export async function gatherSituation(
  daemon: Decider,
  breach: Question,
  signal: AbortSignal,
): Promise<BreachSituation> {
  const { config, world, journal, surroundings, rules } = daemon;
  const identity = surroundings.identity()?.value ?? {};
  const target = await findTarget(daemon, identity, breach.to, signal);
  const stopped = stoppedByPeople(surroundings.services(), journal.history()).map(
    (one) => one.name,
  );
  const breached = new Set(breach.verdict.breaches.map((one) => one.signal));
  const accused = breach.verdict.breaches.flatMap((one) => one.service ?? []);
  const owners = rules.flatMap((rule) =>
    breached.has(rule.name) && rule.service !== undefined ? [rule.service] : [],
  );
  const concerned = breach.concerned ?? [...new Set([...accused, ...owners])];
  const found = {
    ...(await schemaOf(daemon, target, breach.scope, signal)),
    ...(target.kind === "none"
      ? {}
      : {
          advisories: await advisoriesOf(daemon, target.release, identity),
          hasSnapshot: await hasSnapshot(daemon, target.release.id, signal),
        }),
    busy: await whoIsAtWork(daemon, breach.lockHeld),
  };
  // All of that took its time: the brakes are looked at last, and by a clock that was not set unseen meanwhile.
  daemon.time?.noteClock();
  const history = journal.history();
  return {
    now: world.clock.now(),
    verdict: breach.verdict,
    since: breach.since,
    policy: config.policy,
    history,
    clockSets: history.clockSets ?? [],
    identity,
    controls: surroundings.controls(),
    services: surroundings.services(),
    stopped,
    concerned,
    unattributed: unattributedOf(daemon, breached),
    target,
    ...found,
    work: config.application.services.filter((service) => !stopped.includes(service.name)),
    lockHeld: breach.lockHeld,
    evidence: breach.reportedOnly === true ? ["report"] : evidenceOf(daemon, breach.verdict),
  };
}

/**
 * What the breach rests on. Beside the trigger that is decided about, a signal counts whose own trigger may act by itself: a
 * webhook gains no weight from a signal that could not move anything.
 */
function evidenceOf({ config, rules }: Decider, { breaches, trigger }: Breached): EvidenceKind[] {
  const { triggers } = config.policy;
  const moving = breaches.filter(
    (one) => one.trigger === trigger || triggers[one.trigger].mode === "auto",
  );
  const names = new Set(moving.map((one) => one.signal));
  return [...new Set(rules.flatMap((rule) => (names.has(rule.name) ? [rule.evidence] : [])))];
}

/** Breached signals of addresses that no service is known to answer; pm2's own signal names its services. */
function unattributedOf({ config, rules }: Decider, breached: ReadonlySet<string>): string[] {
  const asking = new Set(config.signals.filter((one) => "url" in one.probe).map((one) => one.name));
  return rules
    .filter(
      (rule) => breached.has(rule.name) && asking.has(rule.name) && rule.service === undefined,
    )
    .map((rule) => rule.name);
}

async function schemaOf(
  daemon: Decider,
  target: Target,
  scope: Scope = "application",
  signal: AbortSignal,
): Promise<Pick<BreachSituation, "schema">> {
  const schema =
    target.kind === "none"
      ? undefined
      : await schemaStandingOf(daemon, target.release.id, scope, signal);
  return schema === undefined ? {} : { schema };
}

async function findTarget(
  daemon: Decider,
  identity: Identity,
  to: string | undefined,
  signal: AbortSignal,
): Promise<Target> {
  const { journal, catalogue } = daemon;
  const known =
    to === undefined
      ? newestProvenOther(journal.history(), identity)
      : journal.history().releases.find((one) => one.id === to);
  if (known === undefined) {
    const reason =
      journal.history().releases.length === 0
        ? "no release was ever captured; one is when it has been healthy through its bake time"
        : "no other release than the deployed one was ever proven healthy";
    return { kind: "none", reason };
  }
  try {
    const release = await catalogue.get(known.id);
    const readiness = await readinessOf(daemon, release, signal);
    const proof = known.provenAt === undefined ? {} : { provenAt: known.provenAt };
    return { kind: "candidate", release, readiness, ...proof };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "none", reason: messageOf(error) };
  }
}

async function readinessOf(
  daemon: Decider,
  release: Release,
  signal: AbortSignal,
): Promise<Readiness> {
  const { readinesses, world, config } = daemon;
  const known = readinesses.get(release.id);
  const maxAgeMs = READINESS_INTERVALS * config.release.verifyEvery;
  if (known?.kind === "ready" && world.clock.now() - known.checkedAt <= maxAgeMs) {
    return known;
  }
  return readinesses.check(release, signal);
}

/** A dump counts once it was restored for a proof. */
async function hasSnapshot(
  { catalogue, world }: Decider,
  release: string,
  signal: AbortSignal,
): Promise<boolean> {
  if (world.databases === undefined) {
    return false;
  }
  const record = await catalogue.readDatabase(release);
  if (record?.kind === "dump" && record.provenAt !== undefined) {
    return true;
  }
  const warm = await catalogue.readWarm(release);
  if (warm === undefined) {
    return false;
  }
  try {
    return (await world.databases.oidsOf([warm.name], signal)).get(warm.name) === warm.oid;
  } catch {
    signal.throwIfAborted();
    return false;
  }
}

/** Who else changes the application right now; empty when nobody does. Who cannot be asked may be at work. */
async function whoIsAtWork(
  { config, world }: Decider,
  isLockHeld: boolean,
): Promise<readonly string[]> {
  const reasons = await Promise.all([
    askWhether("git", async () => world.git.busy(config.application.root)),
    askWhether("pm2", async () => world.pm2.busy(world.clock.now())),
  ]);
  const programs = await world.processes.deployingIn(config.application.root);
  const deployment = isLockHeld ? undefined : deploymentUnderWay(config);
  return [
    ...reasons.filter((reason) => reason !== null),
    ...programs.map((program) => `${program} runs in the application`),
    ...(deployment === undefined ? [] : [`${deployment}, holds the lock`]),
  ];
}

async function askWhether(who: string, ask: () => Promise<string | null>): Promise<string | null> {
  try {
    return await ask();
  } catch (error) {
    return `${who} cannot be asked whether somebody is at work: ${messageOf(error)}`;
  }
}
