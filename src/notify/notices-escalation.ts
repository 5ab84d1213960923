import { tellDuration } from "../model/units.ts";
import {
  budget,
  draft,
  type IncidentNews,
  type NoticeDraft,
  trouble,
  whatAndWhy,
} from "./notices-draft.ts";

/** Who is called because nobody acknowledged, and what comes next. */
export interface Escalation {
  readonly level: 2 | 3;
  /** Since when the incident is as grave as it is, ms since the epoch: what tells this call from one before it grew. */
  readonly from: number;
  /** Milliseconds for which nobody acknowledged. */
  readonly waitedMs: number;
  /** Names of those of the level who are reached now. */
  readonly called: readonly string[];
  /** When the next level is called; absent: there is none. */
  readonly next?: { readonly level: 3; readonly inMs: number };
}

const WHO = { 2: "senior management", 3: "the executives" } as const;

/** Nobody acknowledged an incident in time: the next level is called. */
export function escalated(news: IncidentNews, call: Escalation): NoticeDraft {
  const { level, from, waitedMs, called, next } = call;
  const { id } = news.incident;
  const message = draft(news, { reason: "escalated", key: [String(level), String(from)] }, [
    `${trouble(news)}, and nobody has acknowledged it for ${tellDuration(waitedMs)}`,
    ...whatAndWhy(news),
    called.length === 0
      ? `Nobody of ${WHO[level]} has a channel that reaches them now: the rollback team is called again.`
      : `Called now: ${WHO[level]} (${called.join(", ")}).`,
    next === undefined
      ? `Next: acknowledge it: \`rollwatch ack ${id}\`. Nobody else is called.`
      : `Next: acknowledge it: \`rollwatch ack ${id}\`; ${WHO[next.level]} are called in ${tellDuration(next.inMs)} if nobody does.`,
    budget(news),
  ]);
  return { ...message, level };
}
