import type { Command } from "commander";
import { openConfig, type CommandContext } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { addWho, personOf, whoAsks } from "./who.ts";

/** `rollwatch deploy-lock -- COMMAND`: a deployment that asks, so that it and a rollback never meet. */
export function addDeployLock(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("deploy-lock")
      .description(
        "runs a deployment's command while no rollback may begin; refused while one is under way",
      )
      .argument("<command...>", "the command and its arguments, after --"),
  )
    .addHelpText(
      "after",
      "\nIt ends with the command's exit code, or 3 before the command began.\n\nExample:\n  rollwatch deploy-lock -- ./deploy.sh v2.4.1",
    )
    .action(async ([first, ...args]: readonly string[], _options: unknown, command: Command) => {
      if (first === undefined) {
        throw new UsageFailure(
          "there is no command to run",
          "rollwatch deploy-lock -- ./deploy.sh",
        );
      }
      const who = await whoAsks(context, command);
      const config = await openConfig(context, command, "command");
      const { name: by } = personOf(config, who, "administer");
      const deployment = { by, command: [first, ...args] } as const;
      context.finish(await context.ports.deployUnderLock(config, deployment, context.signal));
    });
}
