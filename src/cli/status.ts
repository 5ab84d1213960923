import type { Command } from "commander";
import type { Status } from "../model/operations.ts";
import { tellDuration } from "../model/units.ts";
import { openConfig, printJson, wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { remoteOperations } from "./daemon-client.ts";
import {
  shortCommit,
  showControls,
  showIncident,
  showReleases,
  showSignals,
  showVerdict,
  tellAge,
} from "./show.ts";
import type { Paint } from "./style.ts";

/** `rollwatch status`: what the running daemon sees and does. */
export function addStatus(program: Command, context: CommandContext): void {
  program
    .command("status")
    .description("show what a running daemon sees, decided and does")
    .addHelpText(
      "after",
      "\nExamples:\n  rollwatch status\n  rollwatch status --json | jq .verdict.kind",
    )
    .action(async (_options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const status = await remoteOperations(config.state).status(context.signal);
      if (wantsJson(command)) {
        printJson(context, status);
      } else {
        context.ports.out(describeStatus(status, context.paint, context.ports.now()));
      }
    });
}

function describeStatus(status: Status, paint: Paint, now: number): string {
  const modes = status.policies.map((policy) => `${policy.trigger} ${policy.mode}`).join(", ");
  const queued = status.noticesQueued === 0 ? "" : `, ${status.noticesQueued} notices waiting`;
  return [
    `${paint("title", status.application)}  ${showVerdict(paint, status.verdict)}`,
    `rollwatch ${status.version}, up ${tellDuration(status.uptimeMs)}, ${modes}${queued}\n`,
    brakeLines(status, paint, now),
    blindLine(status, paint),
    deployedLine(status, now),
    waitingLine(status, paint, now),
    section(paint, "Signals", showSignals(paint, status.signals)),
    section(paint, "Controls", showControls(paint, status.controls)),
    section(paint, "Releases", showReleases(paint, status.releases, now)),
    rollbackLines(status, paint, now),
    section(
      paint,
      "Incidents",
      [...(status.openIncident === null ? [] : [status.openIncident]), ...status.lastIncidents]
        .map((incident) => showIncident(paint, incident, now))
        .join(""),
    ),
  ].join("");
}

function brakeLines({ paused, observing, maintenance }: Status, paint: Paint, now: number): string {
  const brakes = [
    ["paused", paused],
    ["observing only", observing],
    ["maintenance", maintenance],
  ] as const;
  return brakes
    .map(([word, brake]) => {
      if (brake === null) {
        return "";
      }
      const { by, reason, at, until } = brake;
      const end = until === null ? "until taken back" : `for another ${tellDuration(until - now)}`;
      return `${paint("doubtful", word)} by ${by} ${tellAge(at, now)}, ${end}: ${reason}\n`;
    })
    .join("");
}

/** A signal that cannot be read for long is easily overlooked, and nothing becomes a release to go back to meanwhile. */
function blindLine({ signals }: Status, paint: Paint): string {
  const blind = signals.filter((one) => one.state === "probe-error").map((one) => one.name);
  return blind.length === 0
    ? ""
    : `${paint("doubtful", "blind")}: no release is proven while ${blind.join(", ")} cannot be read; see rollwatch doctor\n`;
}

function waitingLine({ waiting }: Status, paint: Paint, now: number): string {
  if (waiting === null) {
    return "";
  }
  const { plan, roles, given, expiresAt, beginsAt } = waiting;
  if (beginsAt !== null) {
    const soon = beginsAt > now ? `in ${tellDuration(beginsAt - now)}` : "now";
    return `${paint("doubtful", "begins")} ${soon} unless somebody stops it: rollwatch reject ${plan}\n`;
  }
  const left = expiresAt > now ? `for another ${tellDuration(expiresAt - now)}` : "too late";
  const yes = given === 0 ? "" : `, ${given} approved`;
  return `${paint("doubtful", "waiting")} for ${roles.join(" and ")}${yes}, ${left}: rollwatch approve ${plan}\n`;
}

function deployedLine({ deployed }: Status, now: number): string {
  if (deployed === null) {
    return "deployed: not looked at yet\n";
  }
  const served = typeof deployed.served === "string" ? `${deployed.served}, ` : "";
  return `deployed: ${served}commit ${shortCommit(deployed.commit)}, since ${tellAge(deployed.since, now)}\n`;
}

function rollbackLines({ rollback }: Status, paint: Paint, now: number): string {
  if (rollback === null) {
    return "";
  }
  const { target, stepsDone, stepsTotal, step, deadline } = rollback;
  const left =
    deadline > now ? `${tellDuration(deadline - now)} of the budget left` : "over its budget";
  return section(
    paint,
    "Rollback",
    `  to ${target}: ${stepsDone} of ${stepsTotal} steps done, ${step ?? "verifying"}, ${left}\n`,
  );
}

function section(paint: Paint, title: string, body: string): string {
  return body === "" ? "" : `\n${paint("title", title)}\n${body}`;
}
