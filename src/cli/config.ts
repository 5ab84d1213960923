import type { Command } from "commander";
import { rolesWithoutPeople } from "../config/asked-roles.ts";
import { effectiveConfig, printConfig } from "../config/print.ts";
import { configJsonSchema } from "../config/schema-tree.ts";
import { openConfig, printJson, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { addExplain } from "./explain.ts";

/** `rollwatch config …`: the configuration looked at. */
export function addConfig(program: Command, context: CommandContext): void {
  const group = program.command("config").description("look at the configuration");

  group
    .command("validate")
    .description("say everything that is wrong with the configuration, with file, line and cure")
    .addHelpText("after", "\nExample:\n  rollwatch config validate --config config/rollwatch.yaml")
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const { file, hash } = config;
      const warnings = rolesWithoutPeople(config);
      if (wantsJson(command)) {
        printJson(context, { valid: true, file, hash, warnings });
      } else {
        context.ports.out(`${file} is valid (${hash.slice(0, 12)})\n`);
        for (const one of warnings) {
          context.ports.err(`warning: ${one}\n`);
        }
      }
    });

  group
    .command("print")
    .description("print the effective configuration, every default filled in, secrets masked")
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      if (wantsJson(command)) {
        printJson(context, effectiveConfig(config));
      } else {
        context.ports.out(printConfig(config));
      }
    });

  addExplain(group, context);

  group
    .command("schema")
    .description("print the JSON Schema of the configuration, for editors")
    .action(() => {
      printJson(context, configJsonSchema());
    });
}
