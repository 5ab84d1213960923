import { atEffect, atRecord, type KillPoint } from "./kill-point.ts";

/** The steps of the plan from the bad release to the good one, in order, with the call that is their effect. */
export const ACT_STEPS = {
  "stage:server": "files.copy",
  "stage:package-lock.json": "files.copy",
  "stage:.env": "files.copy",
  "stop-service:worker": "pm2.stop",
  "stop-service:api": "pm2.stop",
  "switch:server": "files.rename",
  "switch:package-lock.json": "files.rename",
  "switch:.env": "files.rename",
  "point-git": "git.pointHead",
  "start-service:api": "pm2.restart",
  "start-service:worker": "pm2.restart",
  "prove-identity": "processes.look",
} as const;

/** Those that follow the verification. */
export const SETTLE_STEPS = { "save-pm2": "pm2.save", "clean-up": "files.remove" } as const;

/** A recovery that is killed at each of the points, one after another, and started again each time. */
export interface CrashCase {
  readonly kills: readonly KillPoint[];
  /** Attempts that the journal must tell of. */
  readonly attempts: number;
}

/** The first of a kind is killed everywhere, the others once before, during and after. */
function everywhere(step: string, call: string): readonly KillPoint[] {
  return [
    atRecord("before", "step-started", step),
    atRecord("after", "step-started", step),
    atEffect(step, "before", call),
    atEffect(step, "within", call),
    atEffect(step, "after", call),
    ...(call === "files.rename" ? [atEffect(step, "after", call, 2)] : []),
    ...(call === "files.copy" ? [atEffect(step, "after", "files.rename")] : []),
    atRecord("before", "step-finished", step),
    atRecord("after", "step-finished", step),
  ];
}

function threeTimes(step: string, call: string): readonly KillPoint[] {
  return [
    atRecord("after", "step-started", step),
    atEffect(step, "within", call),
    atRecord("before", "step-finished", step),
  ];
}

function pointsOf(steps: Readonly<Record<string, string>>): readonly KillPoint[] {
  const kinds = new Set<string>();
  return Object.entries(steps).flatMap(([step, call]) => {
    const kind = step.replace(/:.*$/u, "");
    const isFirst = !kinds.has(kind);
    kinds.add(kind);
    return isFirst ? everywhere(step, call) : threeTimes(step, call);
  });
}

/** Before the first attempt. */
const DECIDING: readonly KillPoint[] = [
  atRecord("after", "incident-opened"),
  atRecord("after", "decided"),
  atRecord("before", "planned"),
  atRecord("after", "planned"),
  atRecord("before", "notice-queued", "rollback-started"),
  atRecord("after", "notice-queued", "rollback-started"),
];

/** Up to the verification. */
const ACTING: readonly KillPoint[] = [
  atRecord("after", "recovery-started"),
  ...pointsOf(ACT_STEPS),
  atRecord("after", "change-seen", "own"),
  atRecord("before", "verified"),
];

/** From the verification on. */
const SETTLING: readonly KillPoint[] = [
  atRecord("after", "verified"),
  ...pointsOf(SETTLE_STEPS),
  atRecord("before", "notice-queued", "rollback-verified"),
  atRecord("after", "notice-queued", "rollback-verified"),
  atRecord("before", "recovery-ended"),
  atRecord("after", "recovery-ended"),
  atRecord("before", "closed"),
  atRecord("after", "closed"),
];

/**
 * Every point once. An attempt that dies counts, and the fourth is refused, so each case has at most two deaths before the
 * verification (one in each half of the points) and two after it; deaths before the first attempt come on top.
 */
export function crashCases(): readonly CrashCase[] {
  const half = Math.ceil(ACTING.length / 2);
  return ACTING.slice(0, half).map((first, index) => {
    const kills = [
      ...DECIDING.slice(index, index + 1),
      first,
      ...ACTING.slice(half + index, half + index + 1),
      ...SETTLING.slice(index, index + 1),
    ];
    return { kills, attempts: 2 + kills.filter(costsAttempt).length };
  });
}

/** Whether the next life must begin another attempt: none was begun yet or nothing was left to do otherwise. */
function costsAttempt(point: KillPoint): boolean {
  if (point.kind === "effect") {
    return true;
  }
  const { fact, when, about } = point;
  const isStep = fact === "step-started" || fact === "step-finished";
  const isLast = when === "after" && (about === "prove-identity" || about === "clean-up");
  return fact === "recovery-started" || (isStep && !(fact === "step-finished" && isLast));
}
