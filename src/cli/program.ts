import { Command, CommanderError } from "commander";
import { Failure } from "../model/failure.ts";
import { addApprove } from "./approve.ts";
import { addBrakes } from "./brakes.ts";
import { addCheck } from "./check.ts";
import { addCompletion } from "./completion.ts";
import { addConfig } from "./config.ts";
import { createContext } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { addDatabase } from "./database.ts";
import { addDeployLock } from "./deploy-lock.ts";
import { addDoctor } from "./doctor.ts";
import { describeError, exitCodeOf, UsageFailure } from "./errors.ts";
import { addGuard } from "./guard.ts";
import { addIncident } from "./incident.ts";
import { addInit } from "./init.ts";
import { addPeople } from "./people.ts";
import { EXIT } from "./ports.ts";
import type { CliPorts } from "./ports.ts";
import { addRecord } from "./record.ts";
import { addRelease } from "./release.ts";
import { addReplay } from "./replay.ts";
import { addReport } from "./report.ts";
import { addRollback } from "./rollback.ts";
import { addRun } from "./run.ts";
import { addStatus } from "./status.ts";

const EPILOGUE = `
The configuration is looked for at --config, $ROLLWATCH_CONFIG, ./rollwatch.yaml, ./config/rollwatch.yaml and
/etc/rollwatch/rollwatch.yaml, in this order.

Exit codes: 0 done, 1 failed, 2 usage or invalid configuration, 3 refused by a guard, 4 waiting for approval,
5 rolled back.`;

/** Runs one command line (without program and script) and returns its exit code; never throws. */
export async function runCli(
  argv: readonly string[],
  ports: CliPorts,
  signal: AbortSignal,
): Promise<number> {
  const context = createContext(ports, signal);
  try {
    await buildProgram(context).parseAsync([...argv], { from: "user" });
    return context.code();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) {
      return EXIT.done;
    }
    // With no command at all commander has printed the help, which says it all.
    if (error instanceof CommanderError && error.code === "commander.help") {
      return EXIT.usage;
    }
    if (signal.aborted && !(error instanceof Failure)) {
      ports.err(
        "rollwatch: ended early; what a daemon was asked to do goes on, see `rollwatch status`\n",
      );
      return EXIT.failed;
    }
    const failure = error instanceof CommanderError ? usageFailure(error) : error;
    ports.err(describeError(failure, argv.includes("--json"), context.paint));
    return exitCodeOf(failure);
  }
}

function buildProgram(context: CommandContext): Command {
  const { ports } = context;
  const program = new Command("rollwatch")
    .description(
      "Watches a pm2 application and takes a bad release back to the last one proven healthy.",
    )
    .version(ports.host.version)
    .option("--config <file>", "the configuration file")
    .option("--json", "answer in JSON, for programs")
    .addHelpText("after", EPILOGUE)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => {
        ports.out(text);
      },
      writeErr: (text) => {
        ports.err(text);
      },
      outputError: () => undefined,
    });
  addInit(program, context);
  addDoctor(program, context);
  addRun(program, context);
  addGuard(program, context);
  addCheck(program, context);
  addStatus(program, context);
  addRelease(program, context);
  addRollback(program, context);
  addApprove(program, context);
  addReport(program, context);
  addReplay(program, context);
  addIncident(program, context);
  addDatabase(program, context);
  addRecord(program, context);
  addBrakes(program, context);
  addDeployLock(program, context);
  addPeople(program, context);
  addConfig(program, context);
  addCompletion(program, context);
  return program;
}

function usageFailure(error: CommanderError): UsageFailure {
  const message = error.message.replace(/^error: /u, "").replaceAll("\n", " ");
  return new UsageFailure(message, "see `rollwatch --help` or `rollwatch <command> --help`");
}
