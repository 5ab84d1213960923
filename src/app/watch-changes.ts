import type { Identity } from "../model/identity.ts";
import { compareIdentity } from "../release/ledger.ts";
import type { Daemon } from "./daemon.ts";

/** Notes every change of what is deployed, announced or not. */
export interface ChangeWatch {
  /** Compares the newest look with the journal; `plan` when the change is that plan's own doing. */
  note(plan?: string): void;
}

/** A watch that continues from the identity in the journal. */
export function openChangeWatch(daemon: Daemon): ChangeWatch {
  const { journal, surroundings, observatory, log } = daemon;
  /** When the identity of the journal was last seen to be still there. */
  let confirmedAt: number | undefined;

  function note(plan?: string): void {
    const seen = surroundings.identity();
    if (seen === undefined || seen.at === confirmedAt) {
      return;
    }
    const known = journal.history().identity;
    if (known === undefined) {
      journal.record({ kind: "identity-seen", identity: seen.value });
      confirmedAt = seen.at;
      return;
    }
    const { parts, summary } = compareIdentity(known.value, seen.value);
    if (parts.length > 0) {
      const change = {
        after: confirmedAt ?? known.since,
        at: seen.at,
        parts: [...parts],
        summary: [...summary],
        to: merged(known.value, seen.value),
        ...(plan === undefined ? {} : { plan }),
      };
      journal.record({ kind: "change-seen", change });
      observatory.cut(change);
      log.info({ summary, plan }, "what is deployed has changed");
    }
    confirmedAt = seen.at;
  }

  return { note };
}

/**
 * The newest knowledge of each part; what cannot be read right now is as it was, but for the served release id of an
 * application that is down with other code than before.
 */
function merged(before: Identity, after: Identity): Identity {
  const { served: _before, ...installed } = before;
  const isOtherCode = after.commit !== before.commit || after.lockfile !== before.lockfile;
  return {
    ...(isOtherCode ? installed : before),
    ...after,
    ...mergedHashes("configFiles", before, after),
    ...mergedHashes("definitions", before, after),
  };
}

function mergedHashes(
  part: "configFiles" | "definitions",
  before: Identity,
  after: Identity,
): Identity {
  return before[part] === undefined && after[part] === undefined
    ? {}
    : { [part]: { ...before[part], ...after[part] } };
}
