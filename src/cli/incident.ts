import { Argument } from "commander";
import type { Command } from "commander";
import { CloseRequest, LabelRequest, NoteRequest, type Actions } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { LABELS } from "../model/facts.ts";
import type { IncidentReport } from "../model/operations.ts";
import type { Person } from "../model/people.ts";
import { tellTime } from "../model/units.ts";
import { acting, checked, DONE, reading, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { addIncidentExport } from "./incident-export.ts";
import { addIncidentTasks } from "./incident-tasks.ts";
import { showIncident } from "./show.ts";
import type { Paint } from "./style.ts";
import { addWho } from "./who.ts";

/** `rollwatch incident …` and `ack`: what happened, and what people say of it. */
export function addIncident(program: Command, context: CommandContext): void {
  const group = program
    .command("incident")
    .description("look at incidents and add what people know");
  addList(group, context);
  addShow(group, context);
  addNote(group, context);
  addLabel(group, context);
  addClose(group, context);
  addIncidentExport(group, context);
  addIncidentTasks(group, context);
  addWho(
    program
      .command("ack")
      .description("say that you look after an incident: nobody else is woken")
      .argument("<id>", "of the incident"),
  )
    .addHelpText("after", "\nExample:\n  rollwatch ack inc-20261122T153012-k3f9q2")
    .action(async (id: string, _options: unknown, command: Command) => {
      await change(context, command, async (actions, by) => actions.acknowledge(id, by));
      tell(context, command, { json: DONE, text: `${id} is acknowledged\n` });
    });
}

function addList(group: Command, context: CommandContext): void {
  group
    .command("list")
    .description("every incident, newest first")
    .addHelpText("after", "\nExample:\n  rollwatch incident list --json | jq '.incidents[0]'")
    .action(async (_options: unknown, command: Command) => {
      const incidents = await reading(context, command, async (operations) =>
        operations.incidents(context.signal),
      );
      const now = context.ports.now();
      const text = incidents.map((one) => showIncident(context.paint, one, now)).join("");
      tell(context, command, {
        json: { incidents },
        text: text === "" ? "no incidents yet\n" : text,
      });
    });
}

function addShow(group: Command, context: CommandContext): void {
  group
    .command("show")
    .description("everything about one incident")
    .argument("<id>", "of the incident")
    .addHelpText("after", "\nExample:\n  rollwatch incident show inc-20261122T153012-k3f9q2")
    .action(async (id: string, _options: unknown, command: Command) => {
      const incident = await reading(context, command, async (operations) =>
        operations.incident(id, context.signal),
      );
      if (incident === undefined) {
        throw new Failure("incident-unknown", `there is no incident ${id}`, {
          hint: "see `rollwatch incident list`",
        });
      }
      const text = describeIncident(incident, context.paint, context.ports.now());
      tell(context, command, { json: incident, text });
    });
}

function addNote(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("note")
      .description("add your words to an incident")
      .argument("<id>", "of the incident")
      .argument("<text...>", "what to write down"),
  )
    .addHelpText("after", '\nExample:\n  rollwatch incident note inc-1 "the vendor was told"')
    .action(async (id: string, words: readonly string[], _options: unknown, command: Command) => {
      const request = checked(NoteRequest, { text: words.join(" ") });
      await change(context, command, async (actions, by) => actions.note(id, request, by));
      tell(context, command, { json: DONE, text: `noted on ${id}\n` });
    });
}

function addLabel(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("label")
      .description("say whether rollwatch was right, so that its record can be judged")
      .argument("<id>", "of the incident")
      .addArgument(new Argument("<label>", "how it was").choices(LABELS)),
  )
    .addHelpText("after", "\nExample:\n  rollwatch incident label inc-1 right")
    .action(async (id: string, label: string, _options: unknown, command: Command) => {
      const request = checked(LabelRequest, { label });
      await change(context, command, async (actions, by) => actions.label(id, request, by));
      tell(context, command, { json: DONE, text: `${id} is labelled ${label}\n` });
    });
}

function addClose(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("close")
      .description("end an incident that rollwatch leaves open")
      .argument("<id>", "of the incident")
      .requiredOption("--reason <text>", "why it is over"),
  )
    .addHelpText("after", '\nExample:\n  rollwatch incident close inc-1 --reason "fixed by hand"')
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const request = checked(CloseRequest, { reason: options.reason });
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.close(id, request, by),
      );
      tell(context, command, { json: DONE, text: `${id} is closed\n` });
    });
}

async function change(
  context: CommandContext,
  command: Command,
  use: (actions: Actions, by: Person) => Promise<void>,
): Promise<void> {
  await acting(context, command, "acknowledge", async ({ actions, by }) => use(actions, by));
}

function describeIncident(incident: IncidentReport, paint: Paint, now: number): string {
  const { reported, acknowledged, closed } = incident;
  const lines = [
    `    ${incident.tier}, ${incident.mode}, likely cause: ${incident.cause}, signals: ${incident.signals.join(", ")}`,
    ...incident.evidence.map((line) => `    evidence: ${line}`),
    ...(reported === null ? [] : [`    reported by ${reported.by}: ${reported.reason}`]),
    ...(acknowledged === null
      ? []
      : [`    acknowledged by ${acknowledged.by}, ${tellTime(acknowledged.at)}`]),
    ...incident.decisions.map((one) => `    ${tellTime(one.at)}  ${one.kind}: ${one.reason}`),
    ...incident.recoveries.flatMap((one) => [
      `    ${tellTime(one.plannedAt)}  plan ${one.plan} (${one.scope}), asked by ${one.requestedBy}`,
      ...one.steps.map((step) => `      ${step.text}: ${step.outcome?.kind ?? "not finished"}`),
      ...(one.ended === null ? [] : [`      ended: ${one.ended.result}, ${one.ended.reason}`]),
    ]),
    ...incident.notes.map(({ by, at, text }) => `    ${tellTime(at)}  ${by}: ${text}`),
    ...(incident.label === null ? [] : [`    labelled ${incident.label}`]),
    ...(closed === null ? [] : [`    closed ${tellTime(closed.at)}: ${closed.reason}`]),
  ];
  return `${showIncident(paint, incident, now)}${lines.join("\n")}\n`;
}
