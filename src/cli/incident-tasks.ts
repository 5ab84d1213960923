import { Argument, type Command } from "commander";
import { DoneRequest } from "../model/actions.ts";
import { FOLLOW_UP_IDS, type FollowUps, type Tick } from "../model/after-action.ts";
import { tellTime } from "../model/units.ts";
import { acting, checked, DONE, tell } from "./act.ts";
import { type CommandContext, openConfig } from "./context.ts";
import { type Paint, table } from "./style.ts";
import { addWho } from "./who.ts";

/** `rollwatch incident tasks` and `incident done`: what follows an incident, and who has done it. */
export function addIncidentTasks(group: Command, context: CommandContext): void {
  group
    .command("tasks")
    .description(
      "what is to be done after an incident, by when, and the runbook's checklists; reads the journal, needs no daemon",
    )
    .argument("<id>", "of the incident")
    .addHelpText("after", "\nExample:\n  rollwatch incident tasks inc-20261122T153012-k3f9q2")
    .action(async (id: string, _options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const found = await context.ports.followUps(config, id, context.signal);
      const text = describe(found, context.paint, context.ports.now());
      tell(context, command, { json: found, text });
    });
  addWho(
    group
      .command("done")
      .description("tick a task of an incident, or an item of its checklists")
      .argument("<id>", "of the incident")
      .addArgument(new Argument("<task>", "what was done").choices([...FOLLOW_UP_IDS])),
  )
    .addHelpText("after", "\nExample:\n  rollwatch incident done inc-1 find-cause")
    .action(async (id: string, task: string, _options: unknown, command: Command) => {
      const request = checked(DoneRequest, { task });
      await acting(context, command, "acknowledge", async ({ actions, by }) =>
        actions.finishTask(id, request, by),
      );
      tell(context, command, { json: DONE, text: `${task} of ${id} is done\n` });
    });
}

function describe({ tasks, checklists }: FollowUps, paint: Paint, now: number): string {
  const rows = tasks.map(({ id, text, dueAt, done }) => [
    done === null ? "[ ]" : "[x]",
    id,
    text,
    done === null ? dueCell(dueAt, now) : tickText(done),
  ]);
  const lists = checklists.map(({ name, items }) => {
    const ticked = items.map(({ id, text, done }) => [
      done === null ? "[ ]" : "[x]",
      id,
      text,
      done === null ? "" : tickText(done),
    ]);
    return `${paint("title", name)}\n${table(paint, ticked)}`;
  });
  return [`${paint("title", "tasks")}\n${table(paint, rows)}`, ...lists].join("");
}

function dueCell(
  dueAt: number | null,
  now: number,
): { readonly text: string; readonly tone: "bad" | "quiet" } {
  if (dueAt === null) {
    return { text: "due when it is over", tone: "quiet" };
  }
  return dueAt < now
    ? { text: `overdue since ${tellTime(dueAt)}`, tone: "bad" }
    : { text: `due ${tellTime(dueAt)}`, tone: "quiet" };
}

function tickText({ by, at, how }: Tick): string {
  const when = at === null ? "" : `, ${tellTime(at)}`;
  return `${by}${when}${how === undefined ? "" : `: ${how}`}`;
}
