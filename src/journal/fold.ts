import type { Entry, Fact, FactKind } from "../model/facts.ts";
import type { History } from "../model/history.ts";
import * as incidents from "./fold-incidents.ts";
import { delivered, failed, queued } from "./fold-notices.ts";
import * as recoveries from "./fold-recoveries.ts";
import { clockSet } from "./fold-clock.ts";
import { keepLast } from "./keep.ts";

/** Changes of the deployed identity that are remembered. */
const MAX_CHANGES = 100;
/** Starts of the daemon that are remembered. */
const MAX_STARTS = 20;

/** What the journal says before its first entry. */
export const emptyHistory: History = {
  changes: [],
  releases: [],
  floors: [],
  incidents: [],
  recoveries: [],
  outbox: [],
  told: new Set(),
  daemonStarts: [],
};

type FactMap = { readonly [K in FactKind]: Extract<Fact, { kind: K }> };
type FactOf<K extends FactKind> = { [P in K]: { readonly kind: P } & FactMap[P] }[K];
type Folds = {
  readonly [K in FactKind]: (history: History, fact: FactOf<K>, at: number) => History;
};

/** What each kind of fact does to the history. */
const FOLDS: Folds = {
  "daemon-started": (history, { boot }, at) => ({
    ...history,
    ...(boot === undefined ? {} : { boot }),
    daemonStarts: keepLast(MAX_STARTS, [...history.daemonStarts, at]),
    ...(history.isRunning === true
      ? { crashes: keepLast(MAX_STARTS, [...(history.crashes ?? []), at]) }
      : { isRunning: true }),
  }),
  "clock-set": clockSet,
  "daemon-stopped": ({ isRunning: _over, ...history }) => history,
  "identity-seen": (history, { identity }, at) => ({
    ...history,
    // Seen again with more known of it: it is there since it was first seen.
    identity: { value: identity, since: history.identity?.since ?? at },
  }),
  "change-seen": (history, { change }) => ({
    ...history,
    identity: { value: change.to, since: change.at },
    changes: keepLast(MAX_CHANGES, [...history.changes, change]),
  }),
  "release-captured": (history, { release, identity, tag }, at) => ({
    ...history,
    releases: [
      ...history.releases.filter(({ id }) => id !== release),
      { id: release, identity, tag, capturedAt: at },
    ],
  }),
  "release-proven": (history, { release, baseline }, at) => ({
    ...history,
    releases: history.releases.map((one) =>
      one.id === release
        ? { ...one, provenAt: at, ...(baseline === undefined ? {} : { baseline }) }
        : one,
    ),
  }),
  "release-pruned": (history, { release }) => ({
    ...history,
    releases: history.releases.filter(({ id }) => id !== release),
  }),
  "release-marked": releaseMarked,
  "release-unmarked": (history, { release }) => ({
    ...history,
    floors: history.floors.filter((floor) => floor.release !== release),
  }),
  "aside-ended": (history) => history,
  "incident-opened": incidents.opened,
  "incident-grown": incidents.grown,
  judged: incidents.judged,
  decided: incidents.decided,
  planned: (history, fact, at) => recoveries.planned(incidents.planned(history, fact), fact, at),
  "recovery-started": recoveries.started,
  "step-started": recoveries.stepStarted,
  "step-finished": recoveries.stepFinished,
  "recovery-ended": recoveries.ended,
  verified: recoveries.verified,
  "notice-queued": queued,
  "notice-delivered": delivered,
  "notice-failed": failed,
  closed: incidents.closed,
  "approval-asked": recoveries.approvalAsked,
  approved: recoveries.approved,
  rejected: recoveries.rejected,
  "countdown-over": recoveries.countdownOver,
  "answer-refused": (history) => history,
  acknowledged: incidents.acknowledged,
  noted: incidents.noted,
  "task-done": incidents.taskDone,
  labelled: incidents.labelled,
  paused: (history, { by, reason, until }, at) => ({
    ...history,
    pause: { by, reason, at, until },
  }),
  "observing-only": (history, { reason, until }, at) => ({
    ...history,
    observing: { by: "rollwatch", reason, at, until },
  }),
  // A person has looked: earlier crashes count no more.
  resumed: ({ pause: _over, observing: _trusted, crashes: _known, ...history }) => history,
  "maintenance-started": (history, { by, reason, until }, at) => ({
    ...history,
    maintenance: { by, reason, at, until },
  }),
  "maintenance-ended": ({ maintenance: _over, ...history }) => history,
};

/** What is known of the release is kept with the mark, which outlives its capture. */
function releaseMarked(
  history: History,
  { release, by, reason }: Extract<Fact, { readonly kind: "release-marked" }>,
  at: number,
): History {
  const known = history.releases.find(({ id }) => id === release);
  if (known === undefined) {
    return history;
  }
  const { identity, capturedAt } = known;
  const others = history.floors.filter((floor) => floor.release !== release);
  return { ...history, floors: [...others, { release, identity, capturedAt, by, reason, at }] };
}

/** The history after one more entry. */
export function fold(history: History, entry: Entry): History {
  return apply(history, entry.fact, entry.at);
}

function apply<K extends FactKind>(history: History, fact: FactOf<K>, at: number): History {
  return FOLDS[fact.kind](history, fact, at);
}
