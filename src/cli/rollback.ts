import { Option } from "commander";
import type { Command } from "commander";
import { Failure } from "../model/failure.ts";
import type { RollbackPreview } from "../model/operations.ts";
import { SCOPES } from "../model/plan.ts";
import { openConfig, printJson, withOperations, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { EXIT } from "./ports.ts";
import type { Paint } from "./style.ts";

interface RollbackOptions {
  readonly to?: string;
  readonly dryRun?: boolean;
}

/** `rollwatch rollback --dry-run`: what a rollback would do. */
export function addRollback(program: Command, context: CommandContext): void {
  program
    .command("rollback")
    .description("show the plan of a rollback, its time, and what would refuse it")
    .option("--dry-run", "show the plan and do nothing")
    .option("--to <release>", "the release to go back to (default: the last proven one)")
    .addOption(
      new Option("--scope <scope>", "what is taken back").choices(SCOPES).default(SCOPES[0]),
    )
    .addHelpText(
      "after",
      "\nExit code 3 when a guard would refuse it, 1 when there is nothing to go back to.\n\nExample:\n  rollwatch rollback --dry-run",
    )
    .action(async (options: RollbackOptions, command: Command) => {
      if (options.dryRun !== true) {
        throw new UsageFailure(
          "rolling back by hand comes with a later version; this one only shows the plan",
          "add --dry-run; rollwatch itself rolls back when the policy says auto",
        );
      }
      await preview(options, command, context);
    });
}

async function preview(
  options: RollbackOptions,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const config = await openConfig(context, command, "command");
  const request = options.to === undefined ? {} : { to: options.to };
  const plan = await withOperations(context, config, async ({ operations }) =>
    operations.previewRollback(request, context.signal),
  );
  if (wantsJson(command)) {
    printJson(context, plan);
  } else {
    context.ports.out(describePlan(plan, context.paint));
  }
  if (plan.target === null) {
    throw new Failure("catalogue-empty", "there is no proven release to go back to", {
      hint: "let the daemon watch a good release through its bake time",
    });
  }
  context.finish(plan.refusals.length === 0 ? EXIT.done : EXIT.refused);
}

function describePlan(plan: RollbackPreview, paint: Paint): string {
  const estimate =
    plan.estimatedSeconds === null
      ? "time not known yet"
      : `about ${plan.estimatedSeconds.toFixed(1)} s`;
  const lines =
    plan.target === null
      ? []
      : [`${paint("title", `${plan.scope} rollback to ${plan.target}`)}, ${estimate}`];
  for (const [index, step] of plan.steps.entries()) {
    lines.push(`  ${index + 1}. ${step.describe}`);
  }
  for (const { path, reason } of plan.kept) {
    lines.push(`  ${path} stays as it is: ${reason}`);
  }
  for (const { guard, reason } of plan.refusals) {
    lines.push(`${paint("bad", "refused")} by ${guard}: ${reason}`);
  }
  return [...lines, paint("quiet", "nothing was changed"), ""].join("\n");
}
