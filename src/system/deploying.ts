import { realpath } from "node:fs/promises";
import { sep } from "node:path";
import { cwdOf, environment, look, pids } from "./process-table.ts";
import { TAG_VARIABLE } from "./process-tagged.ts";

/** What changes a work tree; what only looks, or serves (`npm start`), deploys nothing. */
const GIT =
  /(?:^|\/)git (?:.* )?(?:am|apply|checkout|cherry-pick|clone|merge|pull|rebase|reset|restore|revert|stash|switch)\b/u;
const PACKAGES =
  /(?:^|[ /])(?:npm|pnpm|yarn)(?:-cli)?(?:\.c?js)? (?:-\S+ )*(?:add|build|ci|dedupe|i|install|prune|rebuild|run(?:-script)? build\S*|update|upgrade)\b/u;

/** Longest part of a command line that is told. */
const MOST_TOLD = 60;

/**
 * The programs that change what lies in the folder right now, each with its pid, by their command lines and where they run. rollwatch's own
 * children are none. Empty where the kernel does not show processes.
 */
export async function deployingIn(folder: string): Promise<readonly string[]> {
  const root = await realpath(folder).catch(() => folder);
  const found: string[] = [];
  // Where they run first: few run here, and every request of a person asks this.
  const here = (await pids()).filter((pid) => isIn(root, cwdOf(pid) ?? ""));
  for (const pid of here) {
    const { commandLine = "" } = (await look(pid)) ?? {};
    if (isDeploying(commandLine) && !(await isOwn(pid))) {
      found.push(`${commandLine.slice(0, MOST_TOLD)} (pid ${pid})`);
    }
  }
  return found;
}

/** Whether a command line is that of a program that changes an installed application. */
export function isDeploying(commandLine: string): boolean {
  return GIT.test(commandLine) || PACKAGES.test(commandLine);
}

function isIn(root: string, cwd: string): boolean {
  return cwd === root || cwd.startsWith(`${root}${sep}`);
}

async function isOwn(pid: number): Promise<boolean> {
  return (await environment(pid))?.[TAG_VARIABLE] !== undefined;
}
