import { join, resolve } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Failure } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import type { DownScript, MigrationDatabase } from "../system/postgres-migrations.ts";
import type { Finished } from "../system/process-run.ts";
import type { Processes } from "../system/process.ts";
import { confine } from "./confine.ts";
import { downFilesOf } from "./migration-names.ts";
import type { DownMigrationSettings, MigrationTool } from "./migration-settings.ts";

/** What takes migrations down. */
export interface MigrationPorts {
  readonly settings: DownMigrationSettings;
  /** Where they are recorded: `name` or `schema.name`. */
  readonly table: string;
  /** The root of the application, with the deployed release in it. */
  readonly root: string;
  readonly database: MigrationDatabase;
  readonly files: Files;
  readonly processes: Processes;
  /** What child programs get, PATH among it. */
  readonly environment: Readonly<Record<string, string>>;
}

/** What is taken down, newest first, and where: a copy by name, or the live database. */
export interface DownOrder {
  readonly names: readonly string[];
  readonly copy?: string;
}

/** So much of a program's last words is told. */
const TOLD_CHARACTERS = 600;
const TOLD_LINES = 3;
const READ_ONLY = "-c default_transaction_read_only=on";

/** Takes the migrations down, newest first. Throws `migrations-failed`, also where one of them is still recorded afterwards. */
export async function takeDown(
  ports: MigrationPorts,
  { names, copy }: DownOrder,
  signal: AbortSignal,
): Promise<void> {
  const { database, settings } = ports;
  if (settings.tool === "sql") {
    await database.takeDown(copy, await readScripts(ports, names), signal);
  } else {
    for (const args of commandsOf(ports, names)) {
      const finished = await run(ports, args, { copy, options: undefined }, signal);
      requireDone(ports, args, finished);
    }
  }
  const applied = await database.applied(copy, signal);
  const left = names.filter((name) => applied.includes(name));
  if (left.length > 0) {
    throw failed(`${settings.tool} ended well, and recorded as applied still: ${left.join(", ")}`);
  }
}

/**
 * Runs the tool while the copy lets nobody in, unable to write anywhere: a tool that does not meet that closed door goes to another
 * database than DATABASE_URL names, and would take down the live one's migrations in what is meant to be a trial.
 */
export async function requireObedient(
  ports: MigrationPorts,
  { names, copy }: Required<DownOrder>,
  signal: AbortSignal,
): Promise<void> {
  const [args] = commandsOf(ports, names);
  if (ports.settings.tool === "sql" || args === undefined) {
    return;
  }
  const finished = await run(ports, args, { copy, options: READ_ONLY }, signal);
  const said = `${finished.stdout}\n${finished.stderr}`;
  const wasRefused = finished.kind === "exited" && finished.status !== 0 && said.includes(copy);
  if (!wasRefused) {
    throw failed(
      `${args.join(" ")} does not go to the database that DATABASE_URL and PGDATABASE name: ${tell(ports, finished)}`,
    );
  }
}

/** The file of the tool; undefined where it is none of the project's. */
export function toolFile({ settings, table, root }: MigrationPorts): string | undefined {
  const [program = ""] = settings.command ?? usualCommand(settings, table);
  return settings.tool !== "sql" && program.includes("/") ? resolve(root, program) : undefined;
}

async function run(
  { database, settings, root, processes, environment }: MigrationPorts,
  [program = "", ...args]: readonly string[],
  { copy, options }: { readonly copy: string | undefined; readonly options: string | undefined },
  signal: AbortSignal,
): Promise<Finished> {
  const connection = database.environment(copy);
  const all = [connection["PGOPTIONS"], options].filter((one) => one !== undefined);
  const command = {
    program: program.includes("/") ? resolve(root, program) : program,
    args,
    cwd: root,
    env: {
      ...environment,
      ...settings.env,
      ...connection,
      ...(all.length === 0 ? {} : { PGOPTIONS: all.join(" ") }),
    },
    deadlineMs: settings.timeout,
    endsEscaped: true,
  };
  return processes.run(command, signal);
}

/** One for all of them, or one for each. */
function commandsOf(
  { settings, table }: MigrationPorts,
  names: readonly string[],
): readonly (readonly string[])[] {
  const template = settings.command ?? usualCommand(settings, table);
  const isOnce = template.some((one) => one.includes("{count}"));
  const runs = isOnce ? names.slice(0, 1) : names;
  return runs.map((name) =>
    template.map((one) =>
      one.replaceAll("{count}", String(names.length)).replaceAll("{name}", name),
    ),
  );
}

function usualCommand({ tool, folder }: DownMigrationSettings, table: string): readonly string[] {
  const [name = "", schema] = table.split(".").toReversed();
  const where = schema === undefined ? [] : ["--migrations-schema", schema];
  const migrations = ["--migrations-dir", folder, "--migrations-table", name, ...where];
  const usual: Readonly<Record<MigrationTool, readonly string[]>> = {
    "node-pg-migrate": ["node-pg-migrate", "down", "{count}", ...migrations],
    knex: ["knex", "migrate:down", "{name}"],
    sequelize: [
      "sequelize-cli",
      "db:migrate:undo",
      "--name",
      "{name}",
      "--migrations-path",
      folder,
    ],
    typeorm: [],
    sql: [],
  };
  const [program = "", ...args] = usual[tool];
  return [join("node_modules", ".bin", program), ...args];
}

async function readScripts(
  { files, root, settings }: MigrationPorts,
  names: readonly string[],
): Promise<readonly DownScript[]> {
  const scripts: DownScript[] = [];
  for (const name of names) {
    scripts.push(await readScript({ files, root, settings }, name));
  }
  return scripts;
}

async function readScript(
  { files, root, settings }: Pick<MigrationPorts, "files" | "root" | "settings">,
  name: string,
): Promise<DownScript> {
  for (const path of downFilesOf(name)) {
    const file = join(settings.folder, path);
    const place = await confine(files, root, file);
    const sql = (await files.kind(place)) === "file" ? await files.readText(place) : undefined;
    if (sql !== undefined) {
      return { name, file, sql };
    }
  }
  throw failed(`${settings.folder} has neither ${downFilesOf(name).join(" nor ")}`);
}

function requireDone(ports: MigrationPorts, args: readonly string[], finished: Finished): void {
  if (finished.kind === "exited" && finished.status === 0) {
    return;
  }
  const how = {
    exited: `ended with status ${finished.status ?? "none"}`,
    "timed-out": `took longer than ${ports.settings.timeout / 1000} s`,
    "not-found": "could not be found",
  }[finished.kind];
  throw failed(`${args.join(" ")} ${how}: ${tell(ports, finished)}`);
}

/** A program's words about what went wrong, without colours and stacks; its last ones where none are about that. */
function tell({ database }: MigrationPorts, { stdout, stderr }: Finished): string {
  const lines = stripVTControlCharacters(`${stderr}\n${stdout}`)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("at "));
  const errors = lines.filter((line) => /error|fail/iu.test(line));
  const telling = (errors.length > 0 ? errors : lines.slice(-TOLD_LINES)).slice(0, TOLD_LINES);
  const text = database.redact([...new Set(telling)].join(" | "));
  return text === "" ? "it said nothing" : text.slice(0, TOLD_CHARACTERS);
}

function failed(message: string): Failure {
  return new Failure("migrations-failed", message, {
    hint: "Run the same command by hand against a copy; `database.migrations.down` in docs/configuration.md says what it is given.",
  });
}
