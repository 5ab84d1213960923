import type { Command } from "commander";
import { loadConfig } from "../config/load.ts";
import type { Config } from "../config/schema.ts";
import type { OpenedOperations, CliPorts } from "./ports.ts";
import { paintFor } from "./style.ts";
import type { Paint } from "./style.ts";

/** Where the configuration is looked for when neither --config nor ROLLWATCH_CONFIG names it. */
const PLACES = ["rollwatch.yaml", "config/rollwatch.yaml", "/etc/rollwatch/rollwatch.yaml"];

/** What every command acts with. */
export interface CommandContext {
  readonly ports: CliPorts;
  readonly paint: Paint;
  readonly signal: AbortSignal;
  /** Sets the exit code of the command that is running. */
  finish(code: number): void;
}

/** Options that every command knows. */
export interface GlobalOptions {
  readonly config?: string;
  readonly json?: boolean;
}

/** The context of one invocation, and where its exit code ends up. */
export function createContext(
  ports: CliPorts,
  signal: AbortSignal,
): CommandContext & { code(): number } {
  let exitCode = 0;
  return {
    ports,
    paint: paintFor(ports),
    signal,
    finish: (code) => {
      exitCode = code;
    },
    code: () => exitCode,
  };
}

/** Loads the configuration for a command that is soon over, or for the daemon. */
export async function openConfig(
  context: CommandContext,
  command: Command,
  role: "command" | "daemon",
): Promise<Config> {
  const { environment } = context.ports;
  // An operator's shell often has the application's PM2_HOME; only the daemon must not live there.
  const { PM2_HOME: _home, pm_id: _id, ...shell } = environment;
  return loadConfig(configPath(context, command), role === "daemon" ? environment : shell);
}

/** Opens the operations for as long as `use` needs them. */
export async function withOperations<Result>(
  context: CommandContext,
  config: Config,
  use: (opened: OpenedOperations) => Promise<Result>,
): Promise<Result> {
  const opened = await context.ports.openOperations(config);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** Writes a result for programs. */
export function printJson(context: CommandContext, value: unknown): void {
  context.ports.out(`${JSON.stringify(value, null, 2)}\n`);
}

/** Whether the answer is for a program. */
export function wantsJson(command: Command): boolean {
  return command.optsWithGlobals<GlobalOptions>().json === true;
}

function configPath(context: CommandContext, command: Command): string {
  const { ROLLWATCH_CONFIG: named } = context.ports.environment;
  const given =
    command.optsWithGlobals<GlobalOptions>().config ?? (named === "" ? undefined : named);
  return given ?? PLACES.find((place) => context.ports.exists(place)) ?? "rollwatch.yaml";
}
