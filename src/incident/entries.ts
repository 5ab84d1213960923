import type { Entry, Fact } from "../model/facts.ts";

/** What belongs to an incident, and what was so around it. */
export interface IncidentEntries {
  /** Facts of the incident itself, of its plans and of its notices, oldest first. */
  readonly own: readonly Entry[];
  /** Facts of no incident: changes, brakes, starts and stops of rollwatch, settings of the clock. */
  readonly around: readonly Entry[];
}

const AROUND: ReadonlySet<Fact["kind"]> = new Set([
  "daemon-started",
  "clock-set",
  "daemon-stopped",
  "change-seen",
  "observing-only",
  "paused",
  "resumed",
  "maintenance-started",
  "maintenance-ended",
]);

/** The entries of the journal that tell of one incident; none of its own where there is no such incident. */
export function entriesOf(entries: readonly Entry[], incident: string): IncidentEntries {
  const plans = new Set<string>();
  const notices = new Set<string>();
  const own: Entry[] = [];
  const around: Entry[] = [];
  for (const entry of entries) {
    const { fact } = entry;
    if (AROUND.has(fact.kind)) {
      around.push(entry);
    } else if (isOf(fact)) {
      own.push(entry);
    }
  }
  return { own, around };

  function isOf(fact: Fact): boolean {
    if (fact.kind === "planned" && fact.plan.incident === incident) {
      plans.add(fact.plan.id);
      return true;
    }
    if (fact.kind === "notice-queued") {
      if (fact.notice.incident === incident) {
        notices.add(fact.notice.id);
      }
      return fact.notice.incident === incident;
    }
    if ("notice" in fact) {
      return notices.has(fact.notice);
    }
    if ("incident" in fact) {
      return fact.incident === incident;
    }
    return "plan" in fact && typeof fact.plan === "string" && plans.has(fact.plan);
  }
}
