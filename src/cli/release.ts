import type { Command } from "commander";
import { stringify } from "yaml";
import { type Actions, MarkRequest, type ReleaseCheck } from "../model/actions.ts";
import type { Person } from "../model/people.ts";
import { tellDuration } from "../model/units.ts";
import type { WarmReport } from "../model/warm-database.ts";
import { acting, checked, DONE, reading, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import { addDiff } from "./release-diff.ts";
import { showReleases } from "./show.ts";
import type { Paint } from "./style.ts";
import { addWho } from "./who.ts";

/** How often a terminal is told that a database is still being copied. */
const PROGRESS_MS = 2000;

/** `rollwatch release …`: the releases one can go back to. */
export function addRelease(program: Command, context: CommandContext): void {
  const group = program.command("release").description("the releases one can go back to");
  addList(group, context);
  addShow(group, context);
  addDiff(group, context);
  addCapture(group, context);
  addVerify(group, context);
  addPrune(group, context);
  addMark(group, context);
  addUnmark(group, context);
}

function addList(group: Command, context: CommandContext): void {
  group
    .command("list")
    .description("every captured release, newest first")
    .addHelpText("after", "\nExample:\n  rollwatch release list")
    .action(async (_options: unknown, command: Command) => {
      const releases = await reading(context, command, async (operations) =>
        operations.releases(context.signal),
      );
      const rows = showReleases(context.paint, releases, context.ports.now());
      const text = rows === "" ? "no release is captured yet\n" : rows;
      tell(context, command, { json: { releases }, text });
    });
}

function addShow(group: Command, context: CommandContext): void {
  group
    .command("show")
    .description("one captured release in full: paths, services, interpreter; never a secret")
    .argument("<id>", "of the release")
    .addHelpText("after", "\nExample:\n  rollwatch release show rel-20261122T153012-k3f9q2")
    .action(async (id: string, _options: unknown, command: Command) => {
      const details = await reading(context, command, async (operations) =>
        operations.showRelease(id, context.signal),
      );
      tell(context, command, { json: details, text: stringify(details) });
    });
}

function addCapture(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("capture")
      .description(
        "capture what is deployed now; it counts as proven once it was healthy long enough",
      )
      .option(
        "--warm",
        "make its warm database at once, while a deployment has stopped the services",
      ),
  )
    .addHelpText(
      "after",
      "\nExamples:\n  rollwatch release capture\n  rollwatch release capture --warm",
    )
    .action(async ({ warm = false }: { readonly warm?: boolean }, command: Command) => {
      const captured = await acting(context, command, "administer", async ({ actions, by }) => {
        const { release } = await actions.capture(by, context.signal);
        return warm
          ? { release, warm: await warmed(context, actions, { release, by }) }
          : { release };
      });
      const text = `captured ${captured.release}\n${describeWarm(captured.warm)}`;
      tell(context, command, { json: captured, text });
    });
}

/** Says on a terminal that it goes on: a copy takes as long as the database is large. */
async function warmed(
  { ports, signal }: CommandContext,
  actions: Actions,
  { release, by }: { readonly release: string; readonly by: Person },
): Promise<WarmReport> {
  const since = ports.now();
  const over = new AbortController();
  async function tick(): Promise<void> {
    while (!over.signal.aborted) {
      await ports.sleep(PROGRESS_MS, over.signal);
      ports.err(`its database is being copied, ${tellDuration(ports.now() - since)}\n`);
    }
  }
  const ticking = ports.isTerminal ? tick().catch(() => undefined) : undefined;
  try {
    return await actions.warmRelease(release, by, signal);
  } finally {
    over.abort();
    await ticking;
  }
}

function describeWarm(warm: WarmReport | undefined): string {
  if (warm === undefined) {
    return "";
  }
  return warm.kind === "none"
    ? `no warm database: ${warm.reason}\n`
    : `its warm database is ${warm.name}, ${warm.how} in ${tellDuration(warm.seconds * 1000)}\n`;
}

function addVerify(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("verify")
      .description(
        "compare captures with their hashes; restore the dump of a single one for a proof",
      )
      .argument("[id]", "of the release (default: all of them, without their dumps)"),
  )
    .addHelpText(
      "after",
      "\nExit code 1 when one of them could not be restored.\n\nExample:\n  rollwatch release verify",
    )
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const request = id === undefined ? {} : { release: id };
      const check = await acting(context, command, "administer", async ({ actions }) =>
        actions.verifyReleases(request, context.signal),
      );
      const text = describeCheck(check, context.paint, context.ports.now());
      tell(context, command, { json: check, text });
      const isGood =
        check.unreadable.length === 0 &&
        check.releases.every(({ ready }) => ready === true) &&
        check.dump?.kind !== "unproven";
      context.finish(isGood ? EXIT.done : EXIT.failed);
    });
}

function addPrune(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("prune")
      .description("delete captures beyond release.keep")
      .option("--dry-run", "only say which"),
  )
    .addHelpText("after", "\nExample:\n  rollwatch release prune --dry-run")
    .action(async ({ dryRun = false }: { readonly dryRun?: boolean }, command: Command) => {
      const done = await acting(context, command, "administer", async ({ actions, by }) =>
        actions.prune(dryRun ? { dryRun } : {}, by),
      );
      const word = dryRun ? "would delete" : "deleted";
      const lines = done.pruned.map((id) => `${word} ${id}\n`).join("");
      tell(context, command, { json: done, text: lines === "" ? "nothing to delete\n" : lines });
    });
}

function addMark(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("mark")
      .description(
        "make a release a security floor: nothing older is gone back to without a person",
      )
      .argument("<id>", "of the release")
      .requiredOption("--security-floor", "what it is marked as")
      .requiredOption("--reason <text>", "what it mends, for everybody who wonders"),
  )
    .addHelpText(
      "after",
      '\nExample:\n  rollwatch release mark rel-1 --security-floor --reason "mends CVE-2026-1234"',
    )
    .action(async (id: string, { reason }: { readonly reason: string }, command: Command) => {
      const request = checked(MarkRequest, { securityFloor: true, reason });
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.markRelease(id, request, by),
      );
      tell(context, command, { json: DONE, text: `${id} is a security floor\n` });
    });
}

function addUnmark(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("unmark")
      .description("take a security floor back")
      .argument("<id>", "of the release"),
  )
    .addHelpText("after", "\nExample:\n  rollwatch release unmark rel-1")
    .action(async (id: string, _options: unknown, command: Command) => {
      await acting(context, command, "administer", async ({ actions, by }) =>
        actions.unmarkRelease(id, by),
      );
      tell(context, command, { json: DONE, text: `${id} is no security floor any more\n` });
    });
}

function describeCheck(check: ReleaseCheck, paint: Paint, now: number): string {
  const damaged = check.unreadable.map(
    ({ id, reason }) => `  ${id}  ${paint("bad", "unreadable")}  ${reason}\n`,
  );
  const dump = check.dump === undefined ? "" : `  ${describeDump(check.dump, paint)}\n`;
  const text = `${showReleases(paint, check.releases, now)}${damaged.join("")}${dump}`;
  return text === "" ? "no release is captured yet\n" : text;
}

function describeDump(dump: NonNullable<ReleaseCheck["dump"]>, paint: Paint): string {
  return dump.kind === "proven"
    ? `${paint("good", "proven")}  its dump was restored in ${dump.seconds.toFixed(1)} s and is equal to its manifest`
    : `${paint("bad", "unproven")}  ${dump.reason}`;
}
