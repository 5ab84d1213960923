import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

/** A Node process of its own that runs TypeScript from the tests' folder. */
export interface Child {
  readonly pid: number;
  /** Resolves with the child's next line on stdout. */
  line(): Promise<string>;
  /** Resolves when it has ended. */
  gone(): Promise<void>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
}

/**
 * Runs `body` beside a second process that executes `source` (an ES module that may import from `src/` by absolute URL);
 * the process is killed afterwards, whatever happened.
 */
export async function withChild(
  source: string,
  body: (child: Child) => Promise<void>,
): Promise<void> {
  const child = start(source);
  try {
    await body(child);
  } finally {
    await child.kill();
  }
}

function start(source: string): Child {
  const child: ChildProcess = spawn(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "--eval", source],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const { stdout } = child;
  if (stdout === null || child.pid === undefined) {
    throw new Error("the child did not start");
  }
  const gone = once(child, "exit");
  return {
    pid: child.pid,
    line: async () => {
      const [data] = await once(stdout, "data");
      return String(data).trim();
    },
    gone: async () => {
      await gone;
    },
    kill: async () => {
      child.kill("SIGKILL");
      await gone;
    },
  };
}

/** The URL of a source file, to import it from a child: `sourceUrl("system/lock.ts")`. */
export function sourceUrl(path: string): string {
  return new URL(`../../src/${path}`, import.meta.url).href;
}
