import type { Entry, Fact } from "../model/facts.ts";
import { Failure } from "../model/failure.ts";
import type { History } from "../model/history.ts";
import { emptyHistory, fold } from "./fold.ts";
import type { JournalStore } from "./store.ts";
import { whyImpossible } from "./transitions.ts";

/** The one durable truth: facts go in, what they add up to comes out. */
export interface Journal {
  /** Everything so far, folded. */
  history(): History;
  /** Writes a fact, synced, then tells the listeners. One that cannot follow is refused before it is written. */
  record(fact: Fact): Entry;
  /** Calls `listener` after each new entry, when `history` has it; returns how to stop that. */
  onEntry(listener: (entry: Entry) => void): () => void;
}

/**
 * The journal over its store, with everything that the store already holds. What an older version wrote stays as it is
 * folded, also where this one would not write it: `onImpossible` is told.
 */
export function openJournal(
  store: JournalStore,
  onImpossible: (entry: Entry, why: string) => void = () => undefined,
): Journal {
  const listeners = new Set<(entry: Entry) => void>();
  let history = emptyHistory;
  for (const entry of store.entries()) {
    const why = whyImpossible(history, entry.fact);
    if (why !== undefined) {
      onImpossible(entry, why);
    }
    history = fold(history, entry);
  }

  return {
    history: () => history,
    record: (fact) => {
      requirePossible(history, fact);
      const entry = store.append(fact);
      history = fold(history, entry);
      for (const listener of listeners) {
        listener(entry);
      }
      return entry;
    },
    onEntry: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
  };
}

/** Throws `transition-impossible` for a fact that cannot follow on the history. */
export function requirePossible(history: History, fact: Fact): void {
  const why = whyImpossible(history, fact);
  if (why !== undefined) {
    throw new Failure("transition-impossible", why, {
      hint: "This is a fault of rollwatch: nothing was written. Report it with the journal.",
    });
  }
}
