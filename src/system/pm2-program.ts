import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import { failed, findDaemon, list, requireDaemon, unreachable } from "./pm2-daemon.ts";
import type { Pm2Access } from "./pm2.ts";

/** Longest run of the pm2 program. */
const DEADLINE_MS = 120_000;

const DumpedProcess = z.object({ name: z.string() });

/** The names in pm2's dump, sorted. */
export async function dumped({
  files,
  settings,
}: Pm2Access): Promise<readonly string[] | undefined> {
  const dump = await files.readText(join(settings.home, "dump.pm2"));
  return dump === undefined ? undefined : namesIn(dump);
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

/** What the program says that it is, below what it tells of a daemon of another version. */
export async function programVersion(pm2: Pm2Access, signal: AbortSignal): Promise<string> {
  const output = await run(pm2, ["--version"], signal);
  const version = output.split("\n").findLast((line) => /^\d+\.\d+\.\d+\S*$/u.test(line));
  if (version === undefined) {
    throw failed(`the pm2 program does not tell its version: ${output.slice(-200)}`);
  }
  return version;
}

async function run(pm2: Pm2Access, args: readonly string[], signal: AbortSignal): Promise<string> {
  const { home, program, environment } = pm2.settings;
  // Given to a dead daemon, the program would start a new, empty one.
  const before = await requireDaemon(pm2, signal);
  const command = { program, args, cwd: home, env: programEnvironment(home, environment) };
  // Where the daemon dies at this very moment it starts one, which people may go on with.
  const lasting = { ...command, deadlineMs: DEADLINE_MS, leavesDaemon: true };
  const finished = await pm2.processes.run(lasting, signal);
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
  return finished.stdout;
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
