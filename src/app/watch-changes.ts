import { openRecovery, type History } from "../model/history.ts";
import { IDENTITY_PARTS, type Identity, type IdentityPart } from "../model/identity.ts";
import { compareIdentity } from "../release/ledger.ts";
import type { Daemon } from "./daemon.ts";
import type { Surroundings } from "./surroundings.ts";

/** Notes every change of what is deployed, announced or not. */
export interface ChangeWatch {
  /** Compares the newest look with the journal; `plan` when the change is that plan's own doing. */
  note(plan?: string): void;
}

type Known = NonNullable<History["identity"]>;
type Seen = NonNullable<ReturnType<Surroundings["identity"]>>;

/** A watch that continues from the identity in the journal. */
export function openChangeWatch(daemon: Daemon): ChangeWatch {
  const { journal, surroundings, observatory, relative, log } = daemon;
  /** The look that last found the identity of the journal, or made it. */
  let compared: Seen | undefined;

  /** A look to compare, if there is one. What a recovery changes waits until it is done: a restart in its middle blames nobody else. */
  function news(plan: string | undefined): Seen | undefined {
    const isTooEarly = plan === undefined && openRecovery(journal.history()) !== undefined;
    const seen = surroundings.identity();
    return isTooEarly || seen === compared ? undefined : seen;
  }

  function noteChange(known: Known, seen: Seen, plan: string | undefined): void {
    const { parts, summary } = compareIdentity(known.value, seen.value);
    const to = merged(known.value, seen.value);
    if (parts.length > 0) {
      const after = compared?.at ?? known.since;
      const by = plan === undefined ? {} : { plan };
      const what = { parts: [...parts], summary: [...summary], to };
      const change = { after, at: seen.at, ...what, ...by, ...relative.before() };
      journal.record({ kind: "change-seen", change });
      observatory.cut(change);
      log.info({ summary, plan }, "what is deployed has changed");
    } else if (isMore(known.value, to)) {
      // What nobody could read before is compared from now on.
      journal.record({ kind: "identity-seen", identity: to });
    }
  }

  function note(plan?: string): void {
    const seen = news(plan);
    if (seen === undefined) {
      return;
    }
    const known = journal.history().identity;
    if (known === undefined) {
      journal.record({ kind: "identity-seen", identity: seen.value });
    } else {
      noteChange(known, seen, plan);
    }
    compared = seen;
  }

  return { note };
}

/**
 * The newest knowledge of each part; what cannot be read right now is as it was, but for the served release id of an
 * application that is down with other code than before.
 */
function merged(before: Identity, after: Identity): Identity {
  const { served: _before, ...installed } = before;
  const isOtherCode = (["commit", "content", "lockfile"] as const).some(
    (part) => after[part] !== before[part],
  );
  return {
    ...(isOtherCode ? installed : before),
    ...after,
    ...mergedHashes("configFiles", before, after),
    ...mergedHashes("definitions", before, after),
  };
}

/** Whether a part is known now that was not before. */
function isMore(before: Identity, after: Identity): boolean {
  return IDENTITY_PARTS.some((part) => namesIn(after[part]) > namesIn(before[part]));
}

/** How many values a part holds: one for a text, one for each name of a table. */
function namesIn(value: Identity[IdentityPart]): number {
  if (value === undefined) {
    return 0;
  }
  return typeof value === "object" && value !== null ? Object.keys(value).length : 1;
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
