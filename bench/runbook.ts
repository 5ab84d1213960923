import { copyFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "../lab/command.ts";
import { npmEnvironment } from "../lab/environment.ts";
import type { Fault } from "../lab/faults.ts";
import { startsOf } from "../lab/first-start.ts";
import { untilServing } from "../lab/health.ts";
import type { Lab } from "../lab/lab.ts";
import { PM2_PROGRAM } from "../lab/pm2-home.ts";
import { GOOD_RELEASE, type RadiationSystem } from "../lab/radiation-system.ts";
import { untilRestarted } from "../lab/restart.ts";

const SCRIPT = fileURLToPath(new URL("runbook-rollback.sh", import.meta.url));
const TAG = "pre-deployment";
const LIMIT_MS = 5 * 60_000;

/** What the runbook prepares before a deployment. */
export interface Preparation {
  readonly tag: string;
  readonly backup: string;
}

/** The runbook's "Pre-Deployment Preparation": a tag, and copies of the configuration. */
export async function prepareByRunbook(lab: Lab, system: RadiationSystem): Promise<Preparation> {
  const backup = path.join(lab.folder, "backup");
  await mkdir(backup, { mode: 0o700 });
  const identity = ["-c", "user.name=Operator", "-c", "user.email=operator@example.org"];
  const args = [...identity, "tag", "--annotate", TAG, "--message", "Pre-deployment backup"];
  await run("git", args, { cwd: system.root, env: system.pm2.env });
  await copyFile(path.join(system.root, ".env"), path.join(backup, ".env"));
  const monitoring = path.join("server", "config", "monitoring.config.js");
  await copyFile(path.join(system.root, monitoring), path.join(backup, path.basename(monitoring)));
  return { tag: TAG, backup };
}

/** Runs the runbook's rollback; returns when the good release is served again, ms since the epoch. */
export async function rollBackByRunbook(
  system: RadiationSystem,
  preparation: Preparation,
  reinstall: boolean,
): Promise<number> {
  const env = {
    ...npmEnvironment(),
    ...system.pm2.env,
    PM2_PROGRAM,
    TAG: preparation.tag,
    BACKUP: preparation.backup,
    REINSTALL: reinstall ? "yes" : "no",
  };
  const served = untilServing(system.api, GOOD_RELEASE, AbortSignal.timeout(LIMIT_MS));
  const [at] = await Promise.all([
    served,
    run("bash", [SCRIPT], { cwd: system.root, env, timeoutMs: LIMIT_MS }),
  ]);
  return at;
}

/**
 * Does what a person would where no release is to blame: `pm2 restart` of the service; returns when both servers answer
 * again, ms since the epoch. The fault passes with the command, as in a rehearsal it does with rollwatch's.
 */
export async function restartByHand(
  system: RadiationSystem,
  service: string,
  fault: Fault,
): Promise<number> {
  const before = await startsOf(system.pm2);
  const [at] = await Promise.all([
    untilRestarted(system, before, AbortSignal.timeout(LIMIT_MS)),
    system.pm2.command(["restart", service], system.root),
    fault.end(),
  ]);
  return at;
}
