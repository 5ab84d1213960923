import type { Stage, Tick } from "../model/after-action.ts";
import { tellTime } from "../model/units.ts";
import type { AfterAction } from "./after-action.ts";
import type { Block } from "./document.ts";

/** The tasks of a stage with their due times, and who has done them. */
export function taskBlocks({ tasks }: AfterAction, stage: Stage): readonly Block[] {
  const items = tasks
    .filter((one) => one.stage === stage)
    .map(({ id, text, dueAt, done }) => ({
      done: done !== null,
      text: `${text} (${id}; ${done === null ? dueText(dueAt) : tickText(done)})`,
    }));
  return [{ kind: "boxes", items }];
}

const NAMES = {
  "pre-deployment": "Pre-Deployment:",
  during: "During Rollback:",
  "post-rollback": "Post-Rollback:",
} as const;

/** The runbook's checklists; what the journal cannot say is left to people. */
export function checklistBlocks({ checklists }: AfterAction): readonly Block[] {
  return checklists.flatMap(({ name, items }) => [
    { kind: "text", text: NAMES[name] },
    {
      kind: "boxes",
      items: items.map(({ id, text, done }) => ({
        done: done !== null,
        text: `${text} (${id}; ${done === null ? "not known to be done" : tickText(done)})`,
      })),
    },
  ]);
}

function dueText(dueAt: number | null): string {
  return dueAt === null ? "due when it is over" : `due ${tellTime(dueAt)}`;
}

function tickText({ by, at, how }: Tick): string {
  const when = at === null ? "" : ` at ${tellTime(at)}`;
  return `${by}${when}${how === undefined ? "" : `: ${how}`}`;
}
