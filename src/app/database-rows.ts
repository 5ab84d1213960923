import { join, resolve } from "node:path";
import { z } from "zod";
import type { Config } from "../config/schema.ts";
import type { DatabaseDelta } from "../model/database-delta.ts";
import type { DatabaseRows, LossReport } from "../model/database-rows.ts";
import { Failure } from "../model/failure.ts";
import { tellTime } from "../model/units.ts";
import type { WarmDatabase } from "../model/warm-database.ts";
import { readAside } from "../release/aside-databases.ts";
import { type Catalogue, openCatalogue } from "../release/catalogue.ts";
import { listConsumed } from "../release/consumed-files.ts";
import { compareDatabases, DELTA_MANIFEST } from "../release/delta.ts";
import { replayJournal } from "../release/journal-replay.ts";
import { reapplyRows } from "../release/reapply.ts";
import { type Clock, openClock } from "../system/clock.ts";
import { type Files, openFiles } from "../system/files.ts";
import { installJournal, notedSnapshot, removeJournal } from "../system/postgres-journal.ts";
import { newestKept, oidOf } from "../system/postgres-kept.ts";
import { estimateLoss } from "../system/postgres-loss.ts";
import type { DatabasePlace } from "../system/postgres-reading.ts";

/** What every manifest of exported rows has. */
const Expiring = z.object({ expiresAt: z.number().nullable() });

/** The rows of the configured database and of those that swaps have kept. Throws `refused` where none is configured. */
export async function openDatabaseRows(config: Config): Promise<DatabaseRows> {
  const { database } = config;
  if (database === undefined) {
    throw new Failure("refused", "no database is configured", {
      hint: "Configure `database.url`.",
    });
  }
  const files = openFiles();
  const clock = openClock();
  const live = liveOf(database, clock);
  const { deltaKeep, appendOnly } = database.rollback;
  const ports = { config, files, clock, live, keepMs: deltaKeep };
  return {
    estimate: async (release, signal) => estimateIn(ports, release, signal),
    delta: async (request, signal) => compareIn(ports, request, signal),
    reapply: async ({ kept, tables, isDryRun }, signal) => {
      await expireDeltas(files, config.state, clock.now());
      const aside = { ...live, database: kept ?? (await newestKept(live, signal)) };
      const folder = `${newFolder(config.state, clock.now())}-reapply`;
      const order = { kept: aside, live, tables, appendOnly, isDryRun, folder, keepMs: deltaKeep };
      return reapplyRows(files, order, signal);
    },
    replay: async ({ kept, snapshot, isDryRun }, signal) => {
      await expireDeltas(files, config.state, clock.now());
      const aside = { ...live, database: kept ?? (await newestKept(live, signal)) };
      const since = snapshot ?? (await snapshotOf(aside, live, signal));
      const folder = `${newFolder(config.state, clock.now())}-replay`;
      const order = { kept: aside, live, snapshot: since, isDryRun, folder, keepMs: deltaKeep };
      return replayJournal(files, order, signal);
    },
    installJournal: async (signal) => installJournal(live, signal),
    removeJournal: async (signal) => removeJournal(live, signal),
  };
}

/** What is compared, and with what. */
interface RowsPorts {
  readonly config: Config;
  readonly files: Files;
  readonly clock: Clock;
  readonly live: DatabasePlace;
  /** How long an export is kept, ms. */
  readonly keepMs: number;
}

async function estimateIn(
  { config: { application, state }, files, clock, live }: RowsPorts,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<LossReport> {
  const { release, warm } = await warmOf(openCatalogue(files, state), wanted);
  const { name, at } = warm;
  const tables = await estimateLoss(live, warm, signal);
  const order = { since: at, isHashed: false };
  const consumed = await listConsumed({ application, files, clock }, order, signal);
  const report = { release, warm: name, at, tables };
  return consumed === undefined ? report : { ...report, consumed };
}

async function compareIn(
  { config, files, clock, live, keepMs }: RowsPorts,
  { kept, export: to, onTable }: Parameters<DatabaseRows["delta"]>[0],
  signal: AbortSignal,
): Promise<DatabaseDelta> {
  const { application, state } = config;
  await expireDeltas(files, state, clock.now());
  const aside = { ...live, database: kept ?? (await newestKept(live, signal)) };
  const folder = folderOf(config, to, clock.now());
  const swap = await readAside(files, state, aside.database);
  const consumed =
    swap?.dataAt === undefined
      ? undefined
      : await listConsumed(
          { application, files, clock },
          { since: swap.dataAt, isHashed: folder !== undefined },
          signal,
        );
  const more = {
    ...(folder === undefined ? {} : { into: { folder, keepMs } }),
    ...(swap?.swappedAt === undefined ? {} : { swappedAt: swap.swappedAt }),
    consumed,
  };
  return compareDatabases(files, { kept: aside, live, onTable, ...more }, signal);
}

/** The database that the configured address names. */
export function liveOf(
  { url, rollback }: NonNullable<Config["database"]>,
  clock: Clock,
): DatabasePlace {
  const { pathname, username } = new URL(url);
  const database = decodeURIComponent(pathname.slice(1)) || decodeURIComponent(username);
  return { url: rollback.url ?? url, database, clock };
}

interface Found {
  readonly release: string;
  readonly warm: WarmDatabase;
}

/** The release's snapshot; of the newest release that has one where none is named. */
async function warmOf(catalogue: Catalogue, release: string | undefined): Promise<Found> {
  const items = await catalogue.list();
  const known = items.flatMap((item) => (item.kind === "release" ? [item.release] : []));
  const wanted = known
    .filter(({ id }) => release === undefined || id === release)
    .toSorted((one, other) => other.capturedAt - one.capturedAt);
  for (const { id } of wanted) {
    const warm = await catalogue.readWarm(id);
    if (warm !== undefined) {
      return { release: id, warm };
    }
  }
  throw new Failure(
    "refused",
    release === undefined
      ? "no release has a snapshot database"
      : `release ${release} has no snapshot database`,
    { hint: "`database.rollback.warm` says whether captures get one." },
  );
}

/** The moment of the live database's data, which was a copy of the kept one before its swap. */
async function snapshotOf(
  kept: DatabasePlace,
  live: DatabasePlace,
  signal: AbortSignal,
): Promise<string> {
  const snapshot = await notedSnapshot(kept, await oidOf(live, signal), signal);
  if (snapshot === undefined) {
    throw new Failure("refused", "no journal knows the moment of the live database's data", {
      hint: "Give it with --snapshot: `pg_current_snapshot()` of the moment that the snapshot was made.",
    });
  }
  return snapshot;
}

/** Where exports lie. */
function deltasFolder(state: string): string {
  return join(state, "deltas");
}

function newFolder(state: string, now: number): string {
  return join(deltasFolder(state), tellTime(now).replaceAll(/[^\d]/gu, ""));
}

function folderOf(config: Config, to: string | boolean, now: number): string | undefined {
  if (to === false) {
    return undefined;
  }
  return to === true ? newFolder(config.state, now) : resolve(to);
}

/** Removes exports whose time is over; those in other folders are their owner's. */
export async function expireDeltas(files: Files, state: string, now: number): Promise<void> {
  for (const name of await files.list(deltasFolder(state))) {
    const folder = join(deltasFolder(state), name);
    const text = await files.readText(join(folder, DELTA_MANIFEST));
    const manifest = text === undefined ? undefined : Expiring.safeParse(JSON.parse(text));
    if (manifest?.success === true && (manifest.data.expiresAt ?? Infinity) <= now) {
      await files.remove(folder);
    }
  }
}
