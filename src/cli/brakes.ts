import { InvalidArgumentError } from "commander";
import type { Command } from "commander";
import { MaintenanceRequest, PauseRequest, type Resumed } from "../model/actions.ts";
import { parseDuration, tellDuration, tellTime } from "../model/units.ts";
import { acting, checked, DONE, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { addWho } from "./who.ts";

interface BrakeOptions {
  readonly for?: number;
  readonly reason: string;
}

/** `rollwatch pause`, `resume` and `maintenance …`: what keeps rollwatch from acting by itself. */
export function addBrakes(program: Command, context: CommandContext): void {
  addPause(program, context);
  addResume(program, context);
  addMaintenance(program, context);
}

function addPause(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("pause")
      .description(
        "the kill switch: rollwatch goes on watching and telling, and does nothing by itself",
      )
      .option("--for <duration>", "until when, such as 2h (default: until resumed)", readDuration)
      .requiredOption("--reason <text>", "why, for everybody who wonders"),
  )
    .addHelpText("after", '\nExample:\n  rollwatch pause --for 2h --reason "load test"')
    .action(async (options: BrakeOptions, command: Command) => {
      const { reason, for: forMs = null } = options;
      const request = checked(PauseRequest, { reason, forMs });
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.pause(request, by),
      );
      const end = forMs === null ? "until `rollwatch resume`" : `for ${tellDuration(forMs)}`;
      tell(context, command, { json: DONE, text: `paused ${end}\n` });
    });
}

function addResume(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("resume")
      .description(
        "take a pause back, whoever paused; after a restart storm: let rollwatch act again",
      ),
  )
    .addHelpText("after", "\nExample:\n  rollwatch resume")
    .action(async (_options: unknown, command: Command) => {
      const resumed = await acting(context, command, "administer", async ({ actions, by }) =>
        actions.resume(by),
      );
      const text = resumed.ended.map(tellEnded).join("");
      tell(context, command, { json: resumed, text: `resumed\n${text}` });
    });
}

/** Somebody else's pause is not taken back without a word. */
function tellEnded({ by, reason, at }: Resumed["ended"][number]): string {
  return `ended what ${by} began at ${tellTime(at)}: ${reason}\n`;
}

function addMaintenance(program: Command, context: CommandContext): void {
  const group = program
    .command("maintenance")
    .description("people work on the application: nothing is done, and its breaches wake nobody");
  addWho(
    group
      .command("start")
      .description("begin it; it ends by itself")
      .requiredOption("--for <duration>", "how long, such as 1h", readDuration)
      .requiredOption("--reason <text>", "why, for everybody who wonders"),
  )
    .addHelpText("after", '\nExample:\n  rollwatch maintenance start --for 1h --reason "new disks"')
    .action(async (options: BrakeOptions, command: Command) => {
      const request = checked(MaintenanceRequest, { reason: options.reason, forMs: options.for });
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.startMaintenance(request, by),
      );
      const text = `in maintenance for ${tellDuration(request.forMs)}\n`;
      tell(context, command, { json: DONE, text });
    });
  addWho(group.command("end").description("end it before its time"))
    .addHelpText("after", "\nExample:\n  rollwatch maintenance end")
    .action(async (_options: unknown, command: Command) => {
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.endMaintenance(by),
      );
      tell(context, command, { json: DONE, text: "the maintenance is over\n" });
    });
}

/** Reads a duration that is longer than nothing. */
export function readDuration(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms === 0) {
    throw new InvalidArgumentError("Expected a duration such as 90s, 15m, 2h or 7d.");
  }
  return ms;
}
