import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { constructedEnvironment, ROOT } from "./environment.ts";
import { freePort, isListening } from "./ports.ts";
import { endProcessesOf, type LabProcess, processesOf } from "./processes.ts";

/**
 * A folder in which a whole system runs and of which nothing stays. Open -> ended, or open -> kept. Whatever happens to this
 * process, a guardian process ends what was started and removes the folder.
 */
export interface Lab {
  /** `/tmp/rw-XXXXXX`: short, because the paths of sockets have a limit. */
  readonly folder: string;
  /** A free TCP port that the lab gives away once. */
  port(): Promise<number>;
  /** Has `end` called when the lab ends; the last registered first. */
  onEnd(name: string, end: () => Promise<void>): void;
  /** Ends everything, the last started first, removes the folder, and says what could not be cleaned up. Safe to call twice. */
  end(): Promise<readonly string[]>;
  /** Leaves everything running; nobody cleans up then but `removeLab`. */
  keep(): Promise<void>;
}

interface Ending {
  readonly name: string;
  readonly end: () => Promise<void>;
}

/** Makes the folder and its guardian. */
export async function openLab(): Promise<Lab> {
  const folder = await mkdtemp("/tmp/rw-");
  // PostgreSQL's files may belong to another user, who must be able to get to them.
  await chmod(folder, 0o711);
  const release = startGuardian(folder);
  const endings: Ending[] = [];
  const ports = new Set<number>();
  let ended: Promise<readonly string[]> | undefined;
  return {
    folder,
    async port() {
      const port = await freePort(ports);
      ports.add(port);
      return port;
    },
    onEnd(name, end) {
      endings.push({ name, end });
    },
    async end() {
      ended ??= endAll(folder, endings, ports).finally(() => void release());
      return ended;
    },
    async keep() {
      ended = Promise.resolve([]);
      await release();
    },
  };
}

/** Ends a lab that was kept. */
export async function removeLab(folder: string): Promise<readonly string[]> {
  if (!/^\/tmp\/rw-\w+$/u.test(folder)) {
    throw new Error(`${folder} is not a lab's folder (/tmp/rw-XXXXXX)`);
  }
  await endProcessesOf(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  // The command that asks for this names the folder itself, as may the shell it was typed in.
  return (await processesOf(folder)).filter((one) => one.isOwn).map(tellProcess);
}

function tellProcess(one: LabProcess): string {
  return `process ${one.pid}: ${one.command.slice(0, 120)}`;
}

/** What is left of a lab: processes, listening ports, the folder itself. */
async function leftovers(folder: string, ports: Iterable<number>): Promise<readonly string[]> {
  const left = (await processesOf(folder)).map(tellProcess);
  for (const port of ports) {
    if (await isListening(port)) {
      left.push(`port ${port} is still listened on`);
    }
  }
  if ((await stat(folder).catch(() => undefined)) !== undefined) {
    left.push(`folder ${folder}`);
  }
  return left;
}

async function endAll(
  folder: string,
  endings: Ending[],
  ports: ReadonlySet<number>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const { name, end } of endings.splice(0).toReversed()) {
    await end().catch((error: unknown) => {
      problems.push(`${name}: ${String(error)}`);
    });
  }
  const late = (await processesOf(folder)).filter((one) => one.isOwn);
  if (late.length > 0) {
    problems.push(...late.map((one) => `had to be ended: ${one.pid} ${one.command.slice(0, 120)}`));
    await endProcessesOf(folder);
  }
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  return [...problems, ...(await leftovers(folder, ports))];
}

function startGuardian(folder: string): () => Promise<void> {
  const script = fileURLToPath(new URL("guardian.ts", import.meta.url));
  const guardian = spawn(process.execPath, ["--import", "tsx", script], {
    cwd: ROOT,
    env: constructedEnvironment({ TSX_DISABLE_CACHE: "1" }),
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  guardian.stdin.on("error", () => undefined);
  guardian.stdin.write(`${folder}\n`);
  guardian.unref();
  return () =>
    new Promise((resolve) => {
      guardian.stdin.end("released\n", () => resolve());
    });
}
