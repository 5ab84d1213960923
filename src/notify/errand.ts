import type { Journal } from "../journal/journal.ts";
import type { Fact } from "../model/facts.ts";
import type { PendingNotice } from "../model/history.ts";
import type { Notice } from "../model/notice.ts";
import { endsAlert } from "./alert.ts";

/** A notice that one channel must still have. */
export interface Errand {
  readonly notice: Notice;
  readonly failures: number;
  readonly dueAt: number;
}

/** What one channel has to do, in order. */
export interface Errands {
  /** Whatever is due first, the older notice where two are; undefined: nothing. */
  next(): Errand | undefined;
  /** Lets go of the journal. */
  close(): void;
}

/**
 * What the journal owes to a channel. The order is kept, and made anew only when something else came in between: thousands may wait,
 * and looking at all of them after each delivery of any channel would cost more than the deliveries.
 */
export function openErrands(
  journal: Pick<Journal, "history" | "onEntry">,
  channel: string,
): Errands {
  let ordered: readonly Errand[] | undefined;
  let done = 0;

  function after(fact: Fact): void {
    if (fact.kind === "notice-delivered") {
      if (fact.channel === channel && ordered?.[done]?.notice.id === fact.notice) {
        done += 1;
      } else if (fact.channel === channel) {
        ordered = undefined;
      }
    } else if (isErrand(fact) || (fact.kind === "notice-failed" && fact.channel === channel)) {
      ordered = undefined;
    }
  }

  const close = journal.onEntry(({ fact }) => after(fact));
  return {
    next: () => {
      if (ordered === undefined) {
        ordered = errandsOf(journal.history().outbox, channel);
        done = 0;
      }
      return ordered[done];
    },
    close,
  };
}

/** Whether a channel that waits may have more to do. What another made of its own is nothing to it. */
export function isErrand({ kind }: Fact): boolean {
  return kind === "notice-queued" || kind === "clock-set";
}

/** So often what came before it is tried before the end of an incident overtakes it: a notice that no service takes must not keep it for a day. */
const PATIENCE = 8;

function errandsOf(outbox: readonly PendingNotice[], channel: string): readonly Errand[] {
  const own = outbox.flatMap(({ notice, waiting }) =>
    waiting
      .filter((one) => one.channel === channel)
      .map(({ failures, dueAt }) => ({ notice, failures, dueAt })),
  );
  return own
    .map((one, place) =>
      endsAlert(one.notice) ? { ...one, dueAt: afterAll(one, own.slice(0, place)) } : one,
    )
    .toSorted((one, other) => one.dueAt - other.dueAt || one.notice.at - other.notice.at);
}

/** The end of an incident comes after whatever else there is of it. */
function afterAll({ notice, dueAt }: Errand, earlier: readonly Errand[]): number {
  const before = earlier.filter(
    (one) => one.notice.incident === notice.incident && one.failures < PATIENCE,
  );
  return Math.max(dueAt, ...before.map((one) => one.dueAt));
}
