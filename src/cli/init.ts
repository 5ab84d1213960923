import type { Command } from "commander";
import type { InitChoice, InitOutcome, InitReport } from "../model/init.ts";
import { Failure } from "../model/failure.ts";
import { printJson, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { EXIT } from "./ports.ts";
import type { Paint } from "./style.ts";
import { table } from "./style.ts";

interface InitOptions {
  readonly pm2Home?: string;
  readonly root?: string;
  readonly output?: string;
  readonly force?: boolean;
}

/** `rollwatch init`: a first configuration for an application of this host. */
export function addInit(program: Command, context: CommandContext): void {
  program
    .command("init")
    .description(
      "read pm2, git, the environment and the database, and write a commented configuration in shadow mode; changes nothing else",
    )
    .option("--pm2-home <folder>", "the application's pm2 home (default: $PM2_HOME, else ~/.pm2)")
    .option("--root <folder>", "the application's work tree, where one pm2 runs several")
    .option("--output <file>", "the file to write (default: rollwatch.yaml)")
    .option("--force", "replace a file that is there")
    .addHelpText(
      "after",
      "\nExamples:\n  rollwatch init\n  rollwatch init --pm2-home /home/app/.pm2 --root /srv/app --output /etc/rollwatch/rollwatch.yaml",
    )
    .action(async (options: InitOptions, command: Command) => {
      const request = { ...options, force: options.force === true };
      const report = writtenOf(await context.ports.init(request, context.signal));
      if (wantsJson(command)) {
        printJson(context, report);
      } else {
        context.ports.out(describe(report, context.paint));
      }
      context.finish(report.problems.length === 0 ? EXIT.done : EXIT.failed);
    });
}

function writtenOf(outcome: InitOutcome): InitReport {
  switch (outcome.kind) {
    case "written":
      return outcome.report;
    case "several":
      throw new UsageFailure(
        `this pm2 runs several applications: ${tellChoices(outcome.choices)}`,
        "choose one with --root",
      );
    case "elsewhere":
      throw new UsageFailure(
        `no service of this pm2 works in ${outcome.root}; there are: ${tellChoices(outcome.choices)}`,
        "name one of these with --root",
      );
    case "exists":
      throw new Failure("refused", `${outcome.file} is there already`, {
        hint: "write another file with --output, or replace it with --force",
      });
    default:
      return outcome;
  }
}

function tellChoices(choices: readonly InitChoice[]): string {
  return choices.map(({ root, services }) => `${root} (${services.join(", ")})`).join("; ");
}

function describe(report: InitReport, paint: Paint): string {
  const { services, found, check, variables, problems, next } = report;
  const rows = services.map(({ name, status, addresses }) => [
    name,
    { text: status, tone: status === "online" ? ("good" as const) : ("doubtful" as const) },
    addresses.join(", ") || "listens nowhere",
  ]);
  return [
    `${paint("title", report.application)}  ${report.root}\n`,
    table(paint, rows),
    section(paint, "Found", found),
    section(paint, "To check", check),
    section(paint, "Wrong", problems),
    section(
      paint,
      "To set in rollwatch's environment",
      variables.map(({ name, holds }) => `${name}: ${holds}`),
    ),
    `\nWrote ${report.file}: ${report.signals.length} signals, every trigger in shadow mode.\n`,
    section(paint, "Next", next),
  ].join("");
}

function section(paint: Paint, title: string, lines: readonly string[]): string {
  const text = lines.map((line) => `  ${line}\n`).join("");
  return lines.length === 0 ? "" : `\n${paint("title", title)}\n${text}`;
}
