import type { Command } from "commander";
import { openConfig } from "./context.ts";
import type { CommandContext } from "./context.ts";

/** `rollwatch run`: the daemon in the foreground. */
export function addRun(program: Command, context: CommandContext): void {
  program
    .command("run")
    .description("watch the application, in the foreground, until SIGINT or SIGTERM")
    .addHelpText(
      "after",
      "\nIn production start it with ecosystem.config.js, in a pm2 home of its own.\n\nExample:\n  rollwatch run --config /etc/rollwatch/rollwatch.yaml",
    )
    .action(async (_options: unknown, command: Command) => {
      const { ports, signal } = context;
      const config = await openConfig(context, command, "daemon");
      context.finish(await ports.runDaemon(config, ports.host, signal));
    });
}
