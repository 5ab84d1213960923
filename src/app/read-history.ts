import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { emptyHistory, fold } from "../journal/fold.ts";
import { readEntriesAt } from "../journal/store.ts";
import type { History } from "../model/history.ts";

/** The journal's place in the state folder. */
export function journalPath(config: Config): string {
  return join(config.state, "journal.db");
}

/** What the journal says, also while a daemon writes it; nothing is written. Throws when it cannot be read. */
export function readHistory(config: Config): History {
  let history = emptyHistory;
  for (const entry of readEntriesAt(journalPath(config))) {
    history = fold(history, entry);
  }
  return history;
}
