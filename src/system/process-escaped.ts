import { readdir, readFile } from "node:fs/promises";
import { kill, pid as ownPid } from "node:process";
import type { Clock } from "./clock.ts";

const VARIABLE = "ROLLWATCH_COMMAND";

/** A run of a program, known by a variable in the environment of all that it starts. */
export interface Mark {
  readonly env: Readonly<Record<string, string>>;
}

/** A mark that no other run has. */
export function createMark(clock: Clock): Mark {
  return { env: { [VARIABLE]: `${ownPid}.${clock.now()}.${clock.monotonic()}` } };
}

/**
 * Ends every process that bears the mark, also those that left the group of the run (`setsid`); false when some would not
 * end before `limit`. What has thrown its environment away is not found.
 */
export async function endMarked(
  { env }: Mark,
  { clock, pollMs }: { readonly clock: Clock; readonly pollMs: number },
  limit: AbortSignal,
): Promise<boolean> {
  const entry = `\0${VARIABLE}=${env[VARIABLE]}\0`;
  for (;;) {
    const found = await marked(entry);
    if (found.length === 0) {
      return true;
    }
    for (const pid of found) {
      end(pid);
    }
    try {
      await clock.sleep(pollMs, limit);
    } catch {
      return (await marked(entry)).length === 0;
    }
  }
}

async function marked(entry: string): Promise<readonly number[]> {
  const names = await readdir("/proc").catch((): string[] => []);
  const found = names
    .filter((name) => /^\d+$/u.test(name))
    .map(async (name) => {
      // Not ours to read: not ours to end. That of a zombie is empty.
      const environment = await readFile(`/proc/${name}/environ`, "latin1").catch(() => "");
      return `\0${environment}`.includes(entry) ? [Number(name)] : [];
    });
  return (await Promise.all(found)).flat();
}

function end(pid: number): void {
  try {
    kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself in between.
  }
}
