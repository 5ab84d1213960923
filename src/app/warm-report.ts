import { messageOf } from "../model/failure.ts";
import type { ReleaseReport } from "../model/operations.ts";
import type { WarmReport } from "../model/warm-database.ts";
import type { Daemon } from "./daemon.ts";
import { newestProven } from "./keep-ready.ts";

/** What looking at warm databases needs. */
type Parts = Pick<Daemon, "config" | "catalogue" | "readinesses"> & {
  readonly journal: Pick<Daemon["journal"], "history">;
};

/** The same releases, each with its warm database where there is something to say of one. */
export async function withWarmDatabases(
  parts: Parts,
  releases: readonly ReleaseReport[],
): Promise<ReleaseReport[]> {
  return Promise.all(
    releases.map(async (release) => ({ ...release, ...(await reportWarm(parts, release.id)) })),
  );
}

/**
 * The warm database of a release; of the newest proven one also why there is none. Nothing where no database is configured, and
 * of other releases: only one database waits.
 */
export async function reportWarm(
  parts: Parts,
  id: string,
): Promise<{ readonly warm?: WarmReport }> {
  const { config, journal } = parts;
  if (config.database === undefined) {
    return {};
  }
  const warm = await lookAt(parts, id);
  const isAwaited = newestProven(journal.history())?.id === id;
  return warm.kind === "ready" || isAwaited ? { warm } : {};
}

async function lookAt({ config, catalogue, readinesses }: Parts, id: string): Promise<WarmReport> {
  try {
    const warm = await catalogue.readWarm(id);
    if (warm !== undefined) {
      const { name, at, how, seconds } = warm;
      return { kind: "ready", name, at, how, seconds };
    }
  } catch (error) {
    return { kind: "none", reason: messageOf(error) };
  }
  const isOff = (config.database?.rollback.warm ?? "off") === "off";
  const reason = isOff ? "database.rollback.warm is off" : readinesses.whyNotWarm(id);
  return { kind: "none", reason: reason ?? "none was made yet" };
}
