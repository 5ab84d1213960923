import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { definitionHash, ecosystemText, scriptOf } from "./pm2-definition.ts";
import { findDaemon, list, unreachable } from "./pm2-daemon.ts";
import { toDefinition } from "./pm2-record.ts";
import type { Definition, Pm2Access } from "./pm2.ts";

/** Longest run of the pm2 program; a service that declares itself ready is waited for. */
const DEADLINE_MS = 120_000;

const DumpedProcess = z.object({ name: z.string() });

/** Deletes a service's processes by id and starts the definitions with exactly their environments; then looks whether it is so. */
export async function replace(
  pm2: Pm2Access,
  name: string,
  definitions: readonly Definition[],
  signal: AbortSignal,
): Promise<void> {
  await requireStartable(pm2, name, definitions);
  const ids = (await list(pm2, signal)).filter((one) => one.name === name).map((one) => one.pm_id);
  if (ids.length > 0) {
    await run(pm2, ["delete", ...ids.map(String)], signal);
  }
  const file = join(pm2.settings.home, `rollwatch-${name}.json`);
  await pm2.files.writeAtomic(file, ecosystemText(definitions), 0o600);
  try {
    await run(pm2, ["start", file], signal);
  } finally {
    await pm2.files.remove(file);
  }
  const started = (await list(pm2, signal)).filter((one) => one.name === name).map(toDefinition);
  const [want, got] = [definitions, started].map((all) => all.map(definitionHash).toSorted());
  if (JSON.stringify(want) !== JSON.stringify(got)) {
    throw failed(`pm2 did not start ${name} as it was captured (${started.length} processes)`);
  }
}

/** Writes pm2's dump and looks whether it names the services that pm2 has. */
export async function save(pm2: Pm2Access, signal: AbortSignal): Promise<void> {
  const dump = join(pm2.settings.home, "dump.pm2");
  const before = await pm2.files.readText(dump);
  await run(pm2, ["save"], signal);
  const apps = (await list(pm2, signal)).filter((one) => one.pm2_env["pmx_module"] !== true);
  const names = apps.map((one) => one.name).toSorted();
  const saved = await pm2.files.readText(dump);
  if (JSON.stringify(namesIn(saved)) !== JSON.stringify(names)) {
    throw failed("pm2 save did not write the present list of services");
  }
  if (before !== undefined && (await pm2.files.readText(`${dump}.bak`)) !== before) {
    throw failed("pm2 save did not keep the old list in dump.pm2.bak");
  }
}

/** What can be known to fail is refused before anything is deleted. */
async function requireStartable(
  pm2: Pm2Access,
  name: string,
  definitions: readonly Definition[],
): Promise<void> {
  const [first] = definitions;
  if (first === undefined || definitions.some((one) => one.name !== name)) {
    throw new Failure("service-unknown", `there is no definition to start ${name} from`, {
      hint: "The captured release does not know this service.",
    });
  }
  const { pm_cwd: folder, pm_exec_path: script } = first.options;
  for (const path of [folder, script]) {
    if (typeof path !== "string" || (await pm2.files.kind(path)) === "absent") {
      throw failed(`${name} cannot be started: ${String(path)} does not exist`);
    }
  }
  if (scriptOf(first).includes(" ")) {
    throw failed(`${name} cannot be started: pm2 gives a script with a blank to a shell`);
  }
}

async function run(pm2: Pm2Access, args: readonly string[], signal: AbortSignal): Promise<void> {
  const { home, program, environment } = pm2.settings;
  const before = await findDaemon(pm2, signal);
  if (before.kind !== "alive") {
    throw unreachable(`pm2 is ${before.kind}: ${before.reason}`);
  }
  const command = { program, args, cwd: home, env: programEnvironment(home, environment) };
  const finished = await pm2.processes.run({ ...command, deadlineMs: DEADLINE_MS }, signal);
  const verb = args[0] ?? "";
  if (finished.kind === "not-found") {
    throw new Failure("program-missing", `the pm2 program is not there: ${program}`, {
      hint: "Set `application.pm2Program` to its path, or add its folder to PATH.",
    });
  }
  if (finished.status !== 0) {
    const output = finished.stderr.trim() || finished.stdout.trim();
    throw failed(`pm2 ${verb} ${finished.kind} (${finished.status}): ${output.slice(-500)}`);
  }
  const after = await findDaemon(pm2, signal);
  if (after.kind !== "alive" || after.startedAt !== before.startedAt) {
    throw unreachable(`the pm2 daemon was replaced during pm2 ${verb}`);
  }
}

/** Everything the pm2 program is told: no banner, no version check over the network, no questions, none of our secrets. */
function programEnvironment(
  home: string,
  environment: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { PATH = "/usr/local/bin:/usr/bin:/bin", HOME = home } = environment;
  return {
    PATH,
    HOME,
    PM2_HOME: home,
    PM2_DISCRETE_MODE: "true",
    PM2_DISABLE_VERSION_CHECK: "1",
    PM2_NO_INTERACTION: "true",
  };
}

function namesIn(dump: string | undefined): readonly string[] {
  try {
    const processes = z.array(DumpedProcess).parse(JSON.parse(dump ?? ""));
    return processes.map((one) => one.name).toSorted();
  } catch {
    return [];
  }
}

function failed(message: string): Failure {
  return new Failure("program-failed", message, {
    hint: "Look at `pm2 list` and at pm2.log in the application's pm2 home.",
  });
}
