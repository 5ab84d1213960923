import { Argument } from "commander";
import type { Command } from "commander";
import { completionScript, SHELLS } from "./completion-script.ts";
import type { CommandContext } from "./context.ts";
import type { Place } from "./completion-script.ts";

/** `rollwatch completion SHELL`: a script made from the commands as they are. */
export function addCompletion(program: Command, context: CommandContext): void {
  program
    .command("completion")
    .description("print a completion script for your shell")
    .addArgument(new Argument("<shell>", "which one").choices(SHELLS))
    .addHelpText(
      "after",
      "\nExamples:\n  source <(rollwatch completion bash)\n  rollwatch completion zsh > ~/.zfunc/_rollwatch\n  rollwatch completion fish > ~/.config/fish/completions/rollwatch.fish",
    )
    .action((shell: string) => {
      context.ports.out(completionScript(shell, placesOf(program)));
    });
}

/** Every command with what may stand after it. */
function placesOf(program: Command): readonly Place[] {
  function walk(command: Command, path: readonly string[]): readonly Place[] {
    const subcommands = command.commands.flatMap((one) => walk(one, [...path, one.name()]));
    return [{ path: path.join(" "), ...contentOf(command, program) }, ...subcommands];
  }
  return walk(program, []);
}

function contentOf(command: Command, program: Command): Omit<Place, "path"> {
  const options = [...new Set([...command.options, ...program.options])];
  return {
    words: [
      ...command.commands.map((one) => one.name()),
      ...command.registeredArguments.flatMap((one) => one.argChoices ?? []),
      ...options.flatMap((one) => one.long ?? []),
      "--help",
    ],
    values: options.flatMap(({ long, argChoices, required }) =>
      typeof long === "string" && required ? [{ option: long, choices: argChoices ?? [] }] : [],
    ),
  };
}
