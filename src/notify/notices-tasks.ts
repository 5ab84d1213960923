import type { TrackedTask } from "../model/after-action.ts";
import { tellTime } from "../model/units.ts";
import { draft, type IncidentNews, type NoticeDraft } from "./notices-draft.ts";

/** Tasks of an incident that nobody has done in time. `turn` is the same for the same reminder, whatever crashed in between. */
export function tasksOverdue(
  news: IncidentNews,
  overdue: readonly TrackedTask[],
  turn: string,
): NoticeDraft {
  const { id } = news.incident;
  return draft(news, { reason: "tasks-overdue", key: [turn] }, [
    `${news.application}: ${overdue.length === 1 ? "a task" : `${overdue.length} tasks`} of incident ${id} ${overdue.length === 1 ? "is" : "are"} overdue`,
    ...overdue.map(
      ({ id: task, text, dueAt }) => `- ${text} (${task}), due ${tellTime(dueAt ?? news.now)}`,
    ),
    `Next: \`rollwatch incident export ${id}\` has the facts, \`rollwatch incident tasks ${id}\` everything that is to be done; \`rollwatch incident done ${id} ${overdue[0]?.id ?? "TASK"}\` ticks one.`,
  ]);
}
