import type { Command } from "commander";
import { stringify } from "yaml";
import { MarkRequest, type ReleaseCheck } from "../model/actions.ts";
import { acting, checked, DONE, reading, tell } from "./act.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import { addDiff } from "./release-diff.ts";
import { showReleases } from "./show.ts";
import type { Paint } from "./style.ts";
import { addWho } from "./who.ts";

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
      ),
  )
    .addHelpText("after", "\nExample:\n  rollwatch release capture")
    .action(async (_options: unknown, command: Command) => {
      const captured = await acting(context, command, "administer", async ({ actions, by }) =>
        actions.capture(by, context.signal),
      );
      tell(context, command, { json: captured, text: `captured ${captured.release}\n` });
    });
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
