import type { Entry, Fact } from "../model/facts.ts";
import type { History } from "../model/history.ts";
import { emptyHistory, fold } from "./fold.ts";
import type { JournalStore } from "./store.ts";

/** The one durable truth: facts go in, what they add up to comes out. */
export interface Journal {
  /** Everything so far, folded. */
  history(): History;
  /** Writes a fact, synced, then tells the listeners. */
  record(fact: Fact): Entry;
  /** Calls `listener` after each new entry, when `history` has it; returns how to stop that. */
  onEntry(listener: (entry: Entry) => void): () => void;
}

/** The journal over its store, with everything that the store already holds. */
export function openJournal(store: JournalStore): Journal {
  const listeners = new Set<(entry: Entry) => void>();
  let history = emptyHistory;
  for (const entry of store.entries()) {
    history = fold(history, entry);
  }

  return {
    history: () => history,
    record: (fact) => {
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
