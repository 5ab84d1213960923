import { join } from "node:path";
import { Failure } from "../model/failure.ts";
import { type KnownRelease, openIncident, openRecovery } from "../model/history.ts";
import type { WarmReport } from "../model/warm-database.ts";
import type { Daemon } from "./daemon.ts";
import { deployedRelease, inPeace } from "./dump-schedule.ts";
import { tryLock } from "./locks.ts";
import { unknownRelease } from "./release-actions.ts";
import { makeWarm } from "./warm-databases.ts";
import { warmPortsOf } from "./warm-ports.ts";
import { reportWarm } from "./warm-report.ts";

/** How often it is asked whether another snapshot is made. */
const POLL_MS = 500;

/**
 * Makes the warm database of the release that is deployed and proven at once, such as in a deployment that has stopped the services,
 * and returns when it waits. Throws `refused` with what is in its way, who is connected for instance.
 */
export async function warmNow(
  daemon: Daemon,
  id: string,
  signal: AbortSignal,
): Promise<WarmReport> {
  const ports = warmPortsOf(daemon);
  const way = daemon.config.database?.rollback.warm ?? "off";
  if (ports === undefined || way === "off") {
    throw new Failure("refused", "no warm database is configured", {
      hint: "Set `database.rollback.warm` to `clone` or `online`.",
    });
  }
  const release = provenRelease(daemon, id);
  const lock = await locked(daemon, signal);
  try {
    const made = await inPeace(
      daemon,
      async (limited) => {
        await makeWarm({ daemon, ports, way }, release, limited);
        return release;
      },
      signal,
    );
    if (made === undefined) {
      throw inDoubt();
    }
  } finally {
    lock.release();
  }
  const { warm = { kind: "none", reason: "it is gone again" } } = await reportWarm(daemon, id);
  return warm;
}

function provenRelease(daemon: Daemon, id: string): KnownRelease {
  const history = daemon.journal.history();
  const release = history.releases.find((one) => one.id === id);
  if (release === undefined) {
    throw unknownRelease(id);
  }
  if (deployedRelease(daemon)?.id !== id || release.provenAt === undefined) {
    throw new Failure("refused", `${id} is not both deployed and proven`, {
      hint: "Only one database waits: it would take the place of that of a release that is known to be good. Ask before the deployment, once `rollwatch release list` says `proven`.",
    });
  }
  if (openIncident(history) !== undefined || openRecovery(history) !== undefined) {
    throw inDoubt();
  }
  return release;
}

function inDoubt(): Failure {
  return new Failure(
    "refused",
    "no warm database is made while an incident or a recovery is open",
    {
      hint: "What the database holds is in doubt then. A deployment that stops services begins with `rollwatch maintenance`.",
    },
  );
}

/** Waits for whoever makes a snapshot right now. */
async function locked(
  { config, world }: Daemon,
  signal: AbortSignal,
): Promise<{ release(): void }> {
  for (;;) {
    const attempt = tryLock(join(config.state, "dump.lock"));
    if (attempt.kind !== "refused") {
      return attempt.lock;
    }
    await world.clock.sleep(POLL_MS, signal);
  }
}
