import { Option, type Command } from "commander";
import { type Trigger, TRIGGERS } from "../model/trigger.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import { type Who, whoAt } from "../config/who-at.ts";
import { tell } from "./act.ts";
import { type CommandContext, openConfig } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { addPeopleTest } from "./people-test.ts";
import { type Paint, table } from "./style.ts";

interface WhoOptions {
  readonly at?: string;
  readonly trigger?: Trigger;
}

const TITLES = { 1: "rollback team", 2: "senior management", 3: "executives" } as const;

/** `rollwatch people …`: who is told, called and asked. */
export function addPeople(program: Command, context: CommandContext): void {
  const group = program.command("people").description("who is told, called and asked");
  group
    .command("who")
    .description("who would be told, called and asked at a moment; needs no daemon")
    .option("--at <time>", "the moment, such as 2026-12-25T03:00Z (default: now)")
    .addOption(new Option("--trigger <trigger>", "this one alone").choices(TRIGGERS))
    .addHelpText("after", "\nExample:\n  rollwatch people who --at 2026-12-25T03:00+01:00")
    .action(async (options: WhoOptions, command: Command) => {
      const at = momentOf(options.at, context.ports.now());
      const config = await openConfig(context, command, "command");
      const who = whoAt(config, at, options.trigger);
      tell(context, command, { json: who, text: describe(who, context.paint) });
    });
  addPeopleTest(group, context);
}

function momentOf(text: string | undefined, now: number): number {
  const at = text === undefined ? now : Date.parse(text);
  if (Number.isNaN(at) || (text !== undefined && !/(?:Z|[+-]\d\d:\d\d)$/u.test(text))) {
    throw new UsageFailure(
      `--at ${JSON.stringify(text)} is no moment`,
      "write it with its distance from UTC, such as 2026-12-25T03:00+01:00 or 2026-12-25T02:00Z",
    );
  }
  return at;
}

function describe({ at, hours, routes, levels, deciders }: Who, paint: Paint): string {
  const called = levels.map(({ level, afterMs, tiers, people }) => [
    whenCell(afterMs),
    TITLES[level],
    tiers.join(", "),
    people.length === 0
      ? { text: "nobody has a channel of their own now", tone: "quiet" as const }
      : people.map(({ name, channels }) => `${name} (${channels.join(", ")})`).join("; "),
  ]);
  const asked = deciders.map(({ trigger, tier, mode, roles, everyRole, people }) => [
    trigger,
    tier,
    mode,
    roles.join(everyRole ? " and " : " or "),
    people.length === 0
      ? {
          text: "nobody can approve",
          tone: mode === "recommend" ? ("bad" as const) : ("quiet" as const),
        }
      : people.map((one) => `${one.name}${one.isOnDuty ? "" : " (off duty)"}`).join(", "),
  ]);
  return [
    `${tellTime(at)}${hours === null ? "" : `, ${hours}`}\n\n`,
    `${paint("title", "told")}\n`,
    table(paint, [
      ["pages", routes.page.join(", ")],
      ["pages not taken", routes.fallback.join(", ") || "nobody else"],
      ["everything else", routes.tell.join(", ")],
    ]),
    `${paint("title", "called while nobody acknowledges")}\n${table(paint, called)}`,
    `${paint("title", "asked to decide")}\n${table(paint, asked)}`,
  ].join("");
}

function whenCell(afterMs: number | null): string {
  if (afterMs === null) {
    return "never";
  }
  return afterMs === 0 ? "at once" : `after ${tellDuration(afterMs)}`;
}
