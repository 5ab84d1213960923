import type { Command } from "commander";
import type { Config } from "../config/schema.ts";
import type { GuardOutside, GuardReading } from "../model/deployment-guard.ts";
import { RollbackRequest } from "../model/actions.ts";
import { messageOf } from "../model/failure.ts";
import type { Operations } from "../model/operations.ts";
import { type Acting, acting, checked, tell } from "./act.ts";
import { readDuration } from "./brakes.ts";
import { openConfig, type CommandContext } from "./context.ts";
import { isDaemonThere } from "./daemon-client.ts";
import { UsageFailure } from "./errors.ts";
import { type Begun, exitCodeOfPlan, followPlan } from "./follow.ts";
import { EXIT } from "./ports.ts";
import { addWho } from "./who.ts";

interface GuardOptions {
  readonly for: number;
  readonly url?: string;
  readonly release?: string;
}

/** What stops rollwatch from acting by itself stops the guard, too. */
const BRAKES: ReadonlySet<string> = new Set([
  "not-paused",
  "not-in-maintenance",
  "no-restart-storm",
  "daily-budget",
  "cooldown",
  "not-quarantined-target",
  "not-rolled-back-before",
  "security-floor",
]);
/** How many rounds lie between two looks whether a daemon is there, while the probe is good. */
const LOOK_ROUNDS = 5;

const HELP = `
Probes one address by itself while a deployment is watched over; end it (SIGTERM) to confirm the deployment.
Only when its own probe fails watchdog.guard.failures times in a row it acts: with watchdog.guard.enabled it rolls back, by
the daemon or, where none is there, by itself; else it pages. A daemon that is dead or hangs is paged, and nothing else.
Exit codes: 0 the time is over or it was confirmed, 5 rolled back, 3 refused, 1 it would have rolled back but is not enabled.

Example:
  rollwatch guard --for 10m & guard=$!
  ./deploy.sh v2.4.1 && ./smoke-test.sh && kill $guard`;

/** `rollwatch guard`: a process beside a deployment that needs no daemon. */
export function addGuard(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("guard")
      .description("watches over a deployment by its own probe, with or without a daemon")
      .requiredOption("--for <duration>", "how long, such as 10m", readDuration)
      .option("--url <url>", "what to ask (default: the first http signal of system-down)")
      .option("--release <release>", "where to go back to (default: the last proven release)"),
  )
    .addHelpText("after", HELP)
    .action(async (options: GuardOptions, command: Command) => {
      const config = await openConfig(context, command, "command");
      const outside = context.ports.openGuardOutside(config);
      const url = urlOf(config, options);
      const watch = { context, command, config, options, outside, url };
      const detail = await watchOverIt(watch);
      if (detail === undefined) {
        tell(context, command, { json: { failed: false }, text: "the deployment stands\n" });
        return;
      }
      await answer(watch, detail);
    });
}

interface Watch {
  readonly context: CommandContext;
  readonly command: Command;
  readonly config: Config;
  readonly options: GuardOptions;
  readonly outside: GuardOutside;
  readonly url: string;
}

function urlOf({ signals }: Config, { url }: GuardOptions): string {
  const probed = signals.flatMap(({ trigger, probe }) =>
    trigger === "system-down" && probe.kind === "http" ? [probe.url] : [],
  );
  const wanted = url ?? probed[0];
  if (wanted === undefined || !URL.canParse(wanted) || !/^https?:/iu.test(wanted)) {
    throw new UsageFailure(
      "there is no address to probe",
      "add --url http://127.0.0.1:3000/health",
    );
  }
  return wanted;
}

/** Returns what its probe says when that failed often enough, and nothing when the time is over or somebody confirmed. */
async function watchOverIt(watch: Watch): Promise<string | undefined> {
  const { context, config, options, outside, url } = watch;
  const { failures, every } = config.watchdog.guard;
  const rounds = Math.max(Math.ceil(options.for / every), failures);
  let bad = 0;
  let isPaged = false;
  for (let round = 0; round < rounds && !context.signal.aborted; round += 1) {
    try {
      const reading = await outside.probe(url, context.signal);
      bad = countedWith(bad, reading);
      if (reading.kind === "bad" && bad >= failures) {
        return reading.detail;
      }
      if (!isPaged && round % LOOK_ROUNDS === 0) {
        isPaged = await pageIfDead(watch);
      }
      await context.ports.sleep(every, context.signal);
    } catch (error) {
      if (!context.signal.aborted) {
        throw error;
      }
    }
  }
  return undefined;
}

/** What says nothing about the application neither counts nor clears. */
function countedWith(bad: number, { kind }: GuardReading): number {
  return kind === "unknown" ? bad : kind === "bad" ? bad + 1 : 0;
}

/** Whether people were told that no daemon watches this deployment. That alone takes nothing back. */
async function pageIfDead({ context, config, outside }: Watch): Promise<boolean> {
  const why = await isDaemonThere(config.state, context.signal).then(
    (isThere) => (isThere ? undefined : "no daemon listens on its socket"),
    (error: unknown) => messageOf(error),
  );
  if (why === undefined) {
    return false;
  }
  const title = `${config.application.name} is deployed, and rollwatch does not watch it`;
  const text = `Why: ${why}.\nNothing is taken back because of this.`;
  await outside.page(title, text, context.signal);
  context.ports.err(`rollwatch: ${why}; people were paged\n`);
  return true;
}

async function answer(watch: Watch, detail: string): Promise<void> {
  const { context, config, command, outside, url } = watch;
  const { failures, enabled } = config.watchdog.guard;
  const what = `the deployment's guard asked ${new URL(url).host} ${failures} times in a row: ${detail}`;
  if (!enabled) {
    await say(
      watch,
      "is down after a deployment",
      `${what}.\nwatchdog.guard is not enabled: roll back by hand, \`rollwatch rollback\`.`,
    );
    tell(context, command, {
      json: { failed: true, detail },
      text: `failed, nothing was done: ${what}\n`,
    });
    context.finish(EXIT.failed);
    return;
  }
  try {
    await goBack(watch, what);
  } catch (error) {
    const title = `${config.application.name} is down after a deployment, and the guard cannot roll it back`;
    await outside.page(title, `Why: ${messageOf(error)}.\n${what}.`, context.signal);
    throw error;
  }
}

async function say({ config, context, outside }: Watch, what: string, text: string): Promise<void> {
  await outside.page(`${config.application.name} ${what}`, text, context.signal);
}

/** As a rollback by hand does it, but under the brakes, which a person may overrule. */
async function goBack(watch: Watch, reason: string): Promise<void> {
  const { context, command, options } = watch;
  const to = options.release === undefined ? {} : { to: options.release };
  await acting(context, command, "administer", async (parts) => {
    const begun = await underWay(parts.operations, context.signal);
    if (begun !== undefined) {
      await see(watch, parts, begun, reason);
      return;
    }
    const preview = await parts.operations.previewRollback(to, context.signal);
    const held = preview.refusals.filter(({ guard }) => BRAKES.has(guard));
    if (held.length > 0) {
      const why = held.map((one) => `${one.guard}: ${one.reason}`).join("; ");
      await say(
        watch,
        "is down after a deployment, and is not rolled back",
        `Why: ${why}.\n${reason}.`,
      );
      tell(context, command, { json: { failed: true, refused: why }, text: `refused by ${why}\n` });
      context.finish(EXIT.refused);
      return;
    }
    const scope = "application";
    const request = checked(RollbackRequest, { ...to, scope, reason, trigger: "system-down" });
    await see(
      watch,
      parts,
      await parts.actions.rollback(request, parts.by, context.signal),
      reason,
    );
  });
}

/** Waits for the plan's end, whoever made it. */
async function see(
  { context, command }: Watch,
  parts: Acting,
  begun: Begun,
  reason: string,
): Promise<void> {
  const plan = await followPlan(context, parts, begun, false);
  tell(context, command, { json: plan, text: `${plan.ended?.result ?? "waiting"}: ${reason}\n` });
  context.finish(exitCodeOfPlan(plan));
}

/** The rollback that the daemon carries out already: it saw the same fault. */
async function underWay(operations: Operations, signal: AbortSignal): Promise<Begun | undefined> {
  const incidents = await operations.incidents(signal);
  return incidents
    .flatMap(({ id, recoveries }) =>
      recoveries
        .filter(
          ({ scope, attempts, ended }) =>
            scope === "application" && attempts.length > 0 && ended === null,
        )
        .map(({ plan }) => ({ plan, incident: id })),
    )
    .at(-1);
}
