import type { Command } from "commander";
import { stringify } from "yaml";
import { AsideDropRequest, type AsideReport } from "../model/aside-database.ts";
import { Failure } from "../model/failure.ts";
import type { Operations } from "../model/operations.ts";
import { formatSize, tellTime } from "../model/units.ts";
import { acting, checked, DONE, reading, tell } from "./act.ts";
import { type CommandContext, wantsJson } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { EXIT } from "./ports.ts";
import { type Paint, table } from "./style.ts";
import { addWho } from "./who.ts";

interface DropOptions {
  readonly oid?: string;
  readonly reason: string;
}

/** `rollwatch database aside …`: the databases that swaps have replaced, until a person ends them. */
export function addDatabaseAside(parent: Command, context: CommandContext): void {
  const group = parent
    .command("aside")
    .description("databases that swaps have replaced: kept until a person ends them");
  addList(group, context);
  addShow(group, context);
  addDrop(group, context);
}

/** The kept database with this name; without one the newest. Throws `refused` where there is none. */
export async function findAside(
  operations: Pick<Operations, "asides">,
  name: string | undefined,
  signal: AbortSignal,
): Promise<AsideReport> {
  const asides = await operations.asides(signal);
  const found =
    name === undefined
      ? asides.find(({ state }) => state === "kept")
      : asides.find((one) => one.name === name);
  if (found === undefined) {
    const what = name === undefined ? "no database is kept" : `rollwatch keeps no database ${name}`;
    throw new Failure("refused", what, {
      hint: "`rollwatch database aside list` shows those it keeps.",
    });
  }
  return found;
}

function addList(group: Command, context: CommandContext): void {
  group
    .command("list")
    .description("every kept database, newest first, and where it is by now")
    .addHelpText("after", "\nExample:\n  rollwatch database aside list")
    .action(async (_options: unknown, command: Command) => {
      const asides = await reading(context, command, async (operations) =>
        operations.asides(context.signal),
      );
      const rows = table(context.paint, asides.map(rowOf));
      const text = rows === "" ? "no database is kept\n" : rows;
      tell(context, command, { json: { asides }, text });
    });
}

function rowOf({
  name,
  state,
  bytes,
  at,
  release,
  live,
}: AsideReport): Parameters<typeof table>[1][number] {
  const size = bytes === null ? "-" : formatSize(bytes);
  const tone = state === "kept" ? "good" : "doubtful";
  const why = `was ${live} until ${tellTime(at)}, replaced for ${release}`;
  return [name, { text: state, tone }, size, why];
}

function addShow(group: Command, context: CommandContext): void {
  group
    .command("show")
    .description("one kept database: its OID, size, the plan that replaced it, and when")
    .argument("[name]", "of the database (default: the newest one)")
    .addHelpText(
      "after",
      "\n`rollwatch database delta` tells which rows only it has.\n\nExample:\n  rollwatch database aside show",
    )
    .action(async (name: string | undefined, _options: unknown, command: Command) => {
      const aside = await reading(context, command, async (operations) =>
        findAside(operations, name, context.signal),
      );
      const text = stringify({ ...aside, at: tellTime(aside.at) });
      tell(context, command, { json: aside, text });
    });
}

function addDrop(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("drop")
      .description("end a kept database: it is dropped, with every row that only it has")
      .argument("<name>", "of the database")
      .option("--oid <oid>", "its OID as `aside show` tells it, where nobody can be asked")
      .requiredOption("--reason <text>", "why nobody needs it any more"),
  )
    .addHelpText(
      "after",
      '\nOnly a database that rollwatch has replaced, that still has its name and that nobody uses is dropped.\n\nExample:\n  rollwatch database aside drop radiation_aside_1795000000000 --reason "its rows were brought back"',
    )
    .action(async (name: string, options: DropOptions, command: Command) => {
      const request = checked(AsideDropRequest, { reason: options.reason });
      await acting(context, command, "administer", async ({ operations, actions, by }) => {
        const aside = await findAside(operations, name, context.signal);
        if (!(await isMeant(aside, options, command, context))) {
          context.ports.out("nothing was changed\n");
          context.finish(EXIT.failed);
          return;
        }
        await actions.dropAside(String(aside.oid), request, by, context.signal);
        tell(context, command, { json: DONE, text: describeDrop(aside, context.paint) });
      });
    });
}

/** By its OID, or by its name typed again: rows that only it has are gone afterwards. */
async function isMeant(
  { name, oid, bytes }: AsideReport,
  options: DropOptions,
  command: Command,
  { ports, signal }: CommandContext,
): Promise<boolean> {
  if (options.oid !== undefined) {
    if (options.oid !== String(oid)) {
      throw new UsageFailure(
        `${name} has OID ${oid}, not ${options.oid}`,
        "see `rollwatch database aside show`",
      );
    }
    return true;
  }
  if (!ports.canAsk || wantsJson(command)) {
    throw new UsageFailure(
      "nobody can be asked here",
      `add --oid ${oid}; \`rollwatch database delta\` tells which rows only ${name} has`,
    );
  }
  const size = bytes === null ? "" : ` (${formatSize(bytes)})`;
  const question = `Drops ${name}${size} with every row that only it has. Type its name to go on: `;
  return (await ports.ask(question, signal)).trim() === name;
}

function describeDrop({ name, state }: AsideReport, paint: Paint): string {
  return state === "gone"
    ? `${name} was gone already; its note is removed\n`
    : `${paint("good", "dropped")} ${name}\n`;
}
