import path from "node:path";
import type { Trigger } from "../src/model/trigger.ts";
import { run } from "./command.ts";
import { constructedEnvironment, ROOT } from "./environment.ts";
import type { Watcher } from "./watcher.ts";

/** Reports what no probe can see, by the command that a person would use. */
export async function reportByHand(
  watcher: Watcher,
  trigger: Trigger,
  reason: string,
): Promise<void> {
  const program = path.join(ROOT, "dist", "main.js");
  const args = ["report", trigger, "--reason", reason, "--by", "Ward 3", "--config"];
  await run(process.execPath, [program, ...args, watcher.configuration], {
    cwd: ROOT,
    env: constructedEnvironment(watcher.variables),
  });
}
