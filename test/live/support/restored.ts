import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { isFree } from "../../../src/app/locks.ts";
import type { Entry, Fact, FactKind } from "../../../src/model/facts.ts";
import { type CrashLab, isDelivered } from "./crash-lab.ts";
import { BAD, GOOD, SERVICES, type Start, type Tree } from "./two-services.ts";

/** What was there before the bad release. */
export interface Before {
  readonly entries: number;
  readonly starts: number;
}

/** Everything about a finished rollback that a crash could have spoilt. */
export interface Restored {
  readonly files: Tree;
  readonly head: { readonly commit: string; readonly changes: string };
  readonly served: string | undefined;
  /** Starts since the bad deployment, but for its own. */
  readonly started: readonly (Omit<Start, "pid"> & { readonly isRunning: boolean })[];
  readonly outcomes: readonly string[];
  readonly verifications: readonly string[];
  readonly attempts: number;
  /** Steps that had their effect more than once. */
  readonly repeated: readonly string[];
  /** Steps without a good end. */
  readonly undone: readonly string[];
  readonly queued: readonly string[];
  readonly delivered: readonly string[];
  /** Whether every change since the deployment is known as rollwatch's own. */
  readonly changes: readonly string[];
  readonly staging: readonly string[];
  readonly replaced: Tree;
  readonly leftovers: readonly string[];
  readonly lockIsFree: boolean;
}

/** Looks, and changes nothing: it may be done again. */
const LOOKING = new Set(["prove-identity", "save-pm2"]);

/** The facts of one kind, oldest first. */
export function factsOf<K extends FactKind>(
  entries: readonly Entry[],
  kind: K,
): readonly Extract<Fact, { kind: K }>[] {
  function isKind(fact: Fact): fact is Extract<Fact, { kind: K }> {
    return fact.kind === kind;
  }
  return entries.map(({ fact }) => fact).filter(isKind);
}

/** The incident is closed and everybody was told. */
export function isOver(entries: readonly Entry[]): boolean {
  return factsOf(entries, "closed").length > 0 && isDelivered(entries);
}

/** Looks at everything. */
export async function look(lab: CrashLab, before: Before): Promise<Restored> {
  const { app, webhook } = lab;
  const entries = (await lab.entries()).slice(before.entries);
  const [planned] = factsOf(entries, "planned");
  const finished = factsOf(entries, "step-finished");
  const done = finished.filter(({ outcome }) => outcome.kind === "done").map(({ step }) => step);
  const steps = planned?.plan.steps.map(({ id }) => id) ?? [];
  const queued = factsOf(entries, "notice-queued").map(({ notice }) => notice);
  const received = webhook.received();
  const running = new Set((await app.pm2.list()).map(({ pid }) => pid));
  // By release and not by number: the bad worker may be stopped before it could write that it was started.
  const starts = (await app.starts()).slice(before.starts).filter(({ release }) => release !== BAD);
  const folder = join(app.root, ".rollwatch");
  const plan = planned?.plan.id ?? "";
  const staging = await readdir(folder, { recursive: true });
  const others = [
    ...(await readdir(join(app.root, ".git"))).filter((name) => /rollwatch|\.lock$/u.test(name)),
    ...(await readdir(app.pm2.folder)).filter((name) => name.startsWith("rollwatch-")),
  ];
  return {
    files: await app.files(),
    head: await app.head(),
    served: await app.served(),
    started: starts
      .map(({ pid, ...start }) => ({ ...start, isRunning: running.has(pid) }))
      // Which of them boots faster is nobody's promise.
      .toSorted((one, other) => one.service.localeCompare(other.service)),
    outcomes: [
      ...factsOf(entries, "recovery-ended").map(({ result }) => result),
      ...factsOf(entries, "closed").map(({ outcome }) => outcome),
    ],
    verifications: factsOf(entries, "verified").map(({ verification }) => verification.result),
    attempts: factsOf(entries, "recovery-started").length,
    repeated: done.filter((step, place) => done.indexOf(step) < place && !LOOKING.has(step)),
    undone: steps.filter(
      (id) => !finished.some(({ step, outcome }) => step === id && outcome.kind !== "failed"),
    ),
    queued: queued.map(({ reason }) => reason),
    delivered: received
      .filter(({ id }) => queued.some((notice) => notice.id === id))
      .map(({ title }) => title.replace(/rel-\S+/u, "the good release")),
    changes: factsOf(entries, "change-seen").map(({ change }) => change.plan ?? "others"),
    staging: staging.filter((path) => path.split("/").length <= 2).toSorted(),
    replaced: await app.files(join(folder, plan, "previous")),
    leftovers: others,
    lockIsFree: isFree(join(app.pm2.folder, "rollwatch.lock")),
  };
}

/** What must be there, after as many attempts. */
export function restored(
  lab: CrashLab,
  files: { readonly good: Tree; readonly bad: Tree },
  how: { readonly plan: string; readonly attempts: number },
): Restored {
  const { plan, attempts } = how;
  const replaced = Object.entries(files.bad).filter(([path]) => !path.startsWith("assets/"));
  return {
    files: files.good,
    head: { commit: lab.app.commits.good, changes: "" },
    served: GOOD,
    started: SERVICES.map((service) => ({ service, release: GOOD, isRunning: true })),
    outcomes: ["completed", "rolled-back"],
    verifications: ["proven"],
    attempts,
    repeated: [],
    undone: [],
    queued: ["rollback-started", "rollback-verified"],
    delivered: [
      "two-services is down: rolling back to the good release",
      "two-services is healthy again on the good release",
    ],
    changes: ["others", plan],
    staging: [".gitignore", plan, `${plan}/previous`],
    replaced: Object.fromEntries(replaced),
    leftovers: [],
    lockIsFree: true,
  };
}
