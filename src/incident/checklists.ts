import {
  type Checklist,
  CHECKLIST_ITEMS,
  CHECKLISTS,
  tickOf,
  type Tick,
} from "../model/after-action.ts";
import type { Entry } from "../model/facts.ts";
import type { Incident, Recovery } from "../model/history.ts";
import type { NoticeReason } from "../model/notice.ts";
import type { ToldNotice } from "./notices.ts";

/** What items are ticked by. */
export interface Ticking {
  readonly incident: Incident;
  readonly recoveries: readonly Recovery[];
  readonly notices: readonly ToldNotice[];
  /** The whole journal: captures are older than the incident. */
  readonly entries: readonly Entry[];
}

/** Each of them has put a copy of the database where the live one was. */
const DATABASE_STEPS: ReadonlySet<string> = new Set(["swap-database", "swap-behind-pool"]);
const STOP_STEPS: ReadonlySet<string> = new Set(["stop-service"]);

/** What a fact says of an item: when, and in words. */
interface Seen {
  readonly at: number;
  readonly how: string;
}

/** The items that the journal itself can tick; a person ticks the others, and these where it cannot. */
const BY_FACT: Readonly<Record<string, (ticking: Ticking) => Seen | undefined>> = {
  "backup-database": (ticking) =>
    finishedStep(ticking, DATABASE_STEPS, "a copy of the database took its place"),
  "tag-commit": taggedCommit,
  "backup-configuration": capturedConfiguration,
  "stop-services": (ticking) => finishedStep(ticking, STOP_STEPS, "services were stopped"),
  "execute-rollback": ({ recoveries }) => {
    const done = recoveries.find(({ ended }) => ended?.result === "completed");
    return done?.ended && { at: done.ended.at, how: `plan ${done.plan.id} was completed` };
  },
  "verify-health": ({ recoveries }) => verified(recoveries, () => true),
  "send-updates": ({ notices }) => delivered(notices, () => true),
  "document-actions": ({ recoveries: [first] }) =>
    first && { at: first.plannedAt, how: "every step is in the journal" },
  "complete-checks": ({ recoveries }) => verified(recoveries, ({ result }) => result === "proven"),
  "notify-stakeholders": ({ notices }) => delivered(notices, (reason) => ENDS.has(reason)),
};

/** Notices that tell how it ended. */
const ENDS: ReadonlySet<NoticeReason> = new Set([
  "rollback-verified",
  "rollback-unverified",
  "serviced",
  "needs-human",
  "recovered",
]);

/** The runbook's checklists of an incident: a person's tick counts before a fact's. */
export function checklistsOf(ticking: Ticking): readonly Checklist[] {
  return CHECKLISTS.map((name) => ({
    name,
    items: CHECKLIST_ITEMS[name].map((item) => ({
      ...item,
      done: tickOf(ticking.incident, item.id) ?? factTick(ticking, item.id),
    })),
  }));
}

function factTick(ticking: Ticking, id: string): Tick | null {
  const seen = BY_FACT[id]?.(ticking);
  return seen === undefined ? null : { by: "rollwatch", ...seen };
}

function finishedStep(
  { recoveries }: Ticking,
  kinds: ReadonlySet<string>,
  how: string,
): Seen | undefined {
  for (const { plan, steps } of recoveries) {
    const ids = new Set(plan.steps.filter((one) => kinds.has(one.kind)).map(({ id }) => id));
    const done = new Map(
      steps.flatMap(({ step, finishedAt, outcome }) =>
        ids.has(step) && finishedAt !== undefined && outcome?.kind !== "failed"
          ? [[step, finishedAt]]
          : [],
      ),
    );
    if (ids.size > 0 && done.size === ids.size) {
      return { at: Math.max(...done.values()), how };
    }
  }
  return undefined;
}

/** The capture that the newest plan goes back to. */
function captureOf({
  recoveries,
  entries,
}: Ticking):
  | (Extract<Entry["fact"], { kind: "release-captured" }> & { readonly at: number })
  | undefined {
  const target = recoveries.at(-1)?.plan.target;
  for (const { at, fact } of entries.toReversed()) {
    if (fact.kind === "release-captured" && fact.release === target) {
      return { ...fact, at };
    }
  }
  return undefined;
}

function taggedCommit(ticking: Ticking): Seen | undefined {
  const capture = captureOf(ticking);
  return capture === undefined || capture.tag === null
    ? undefined
    : { at: capture.at, how: `tag ${capture.tag}` };
}

function capturedConfiguration(ticking: Ticking): Seen | undefined {
  const capture = captureOf(ticking);
  const count = Object.values(capture?.identity.configFiles ?? {}).filter(
    (hash) => hash !== null,
  ).length;
  return capture === undefined || count === 0
    ? undefined
    : { at: capture.at, how: `captured with ${capture.release}` };
}

function verified(
  recoveries: readonly Recovery[],
  counts: (verification: NonNullable<Recovery["verification"]>) => boolean,
): Seen | undefined {
  const found = recoveries.findLast(
    ({ verification }) => verification !== undefined && counts(verification),
  )?.verification;
  return found && { at: found.at, how: `health was ${found.result}` };
}

function delivered(
  notices: readonly ToldNotice[],
  counts: (reason: NoticeReason) => boolean,
): Seen | undefined {
  const times = notices
    .filter(({ reason }) => counts(reason))
    .flatMap(({ deliveries }) =>
      deliveries.flatMap(({ outcome, at }) => (outcome === "delivered" && at !== null ? [at] : [])),
    );
  const [first] = times;
  return first === undefined
    ? undefined
    : { at: first, how: times.length === 1 ? "1 delivery" : `${times.length} deliveries` };
}
