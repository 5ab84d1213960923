import type { Entry } from "../src/model/facts.ts";

/** Something that the journal says or does not say yet. */
export type Condition = (entries: readonly Entry[]) => boolean;

/** A release with this commit is proven; any release when no commit is given. */
export function isProven(commit?: string): Condition {
  return (entries) => {
    const captured = new Set(
      entries.flatMap(({ fact }) =>
        fact.kind === "release-captured" &&
        (commit === undefined || fact.identity.commit === commit)
          ? [fact.release]
          : [],
      ),
    );
    return entries.some(({ fact }) => fact.kind === "release-proven" && captured.has(fact.release));
  };
}

/** A breach was proven. */
export function isOpened(entries: readonly Entry[]): boolean {
  return entries.some(({ fact }) => fact.kind === "incident-opened");
}

/** The incident is over. */
export function isClosed(entries: readonly Entry[]): boolean {
  return entries.some(({ fact }) => fact.kind === "closed");
}

/** The first effect that the application feels was begun. */
export function isActing(entries: readonly Entry[]): boolean {
  const acting = new Set(
    entries.flatMap(({ fact }) =>
      fact.kind === "planned"
        ? fact.plan.steps.filter((step) => step.phase === "act").map((step) => step.id)
        : [],
    ),
  );
  return entries.some(({ fact }) => fact.kind === "step-started" && acting.has(fact.step));
}

/** Where a database was swapped, people know which rows only the replaced one has. */
export function isOffered(entries: readonly Entry[]): boolean {
  const isSwapped = entries.some(
    ({ fact }) =>
      fact.kind === "step-finished" &&
      fact.step === "swap-database" &&
      fact.outcome.kind !== "failed",
  );
  const told = new Set(
    entries.flatMap(({ fact }) =>
      fact.kind === "notice-queued" && fact.notice.reason === "rows-kept" ? [fact.notice.id] : [],
    ),
  );
  return (
    !isSwapped ||
    entries.some(({ fact }) => fact.kind === "notice-delivered" && told.has(fact.notice))
  );
}
