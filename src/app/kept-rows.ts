import type { AsideDatabase } from "../model/aside-database.ts";
import type { DatabaseDelta } from "../model/database-delta.ts";
import { messageOf } from "../model/failure.ts";
import { openIncident, openRecovery } from "../model/history.ts";
import { rowsKept, rowsUnread } from "../notify/notices-database.ts";
import { listAsides, writeAside } from "../release/aside-databases.ts";
import { reportAsides } from "./asides.ts";
import type { Daemon } from "./daemon.ts";
import { openDatabaseRows } from "./database-rows.ts";
import { inPeace } from "./dump-schedule.ts";

/** How often it is looked whether a swap has left rows behind. */
const LOOK_MS = 5000;
/** What failed is tried again after this time. */
const RETRY_MS = 15 * 60_000;

/**
 * Writes the rows in which a replaced database differs from the live one into the state folder, once for each swap, and tells people
 * what they can have back. Never in an incident, and never in the way of a recovery.
 */
export async function offerKeptRows(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { config, world, log } = daemon;
  if (config.database === undefined) {
    return;
  }
  while (!signal.aborted) {
    let waitMs = LOOK_MS;
    try {
      await offerAll(daemon, signal);
    } catch (error) {
      signal.throwIfAborted();
      log.error({ error: messageOf(error) }, "the rows of a kept database could not be exported");
      waitMs = RETRY_MS;
    }
    await world.clock.sleep(waitMs, signal);
  }
}

async function offerAll(daemon: Daemon, signal: AbortSignal): Promise<void> {
  const { config, world, journal } = daemon;
  const noted = await listAsides(world.files, config.state);
  const due = noted.filter((one) => one.swappedAt !== undefined && one.exported === undefined);
  const history = journal.history();
  if (
    due.length === 0 ||
    openIncident(history) !== undefined ||
    openRecovery(history) !== undefined
  ) {
    return;
  }
  const asides = await reportAsides(daemon, signal);
  for (const { name, bytes } of asides.filter(({ state }) => state === "kept")) {
    const aside = due.find(({ pair }) => pair.replaced.name === name);
    if (aside !== undefined) {
      await offer(daemon, { aside, bytes }, signal);
    }
  }
}

async function offer(
  daemon: Daemon,
  { aside, bytes }: { readonly aside: AsideDatabase; readonly bytes: number | null },
  signal: AbortSignal,
): Promise<void> {
  const limit = daemon.config.database?.rollback.exportUpTo ?? 0;
  // One whose size it may not know is read: rows that nobody hears of are worse than a slow look.
  await (bytes !== null && bytes > limit
    ? tellUnread(daemon, aside, bytes)
    : exportRows(daemon, aside, signal));
}

async function tellUnread(daemon: Daemon, aside: AsideDatabase, bytes: number): Promise<void> {
  const { config, world, log } = daemon;
  const { name } = aside.pair.replaced;
  daemon.tell(
    rowsUnread(config.application.name, { name, bytes, incident: incidentOf(daemon, aside) }),
  );
  const exported = { folder: null, at: world.clock.now() };
  await writeAside(world.files, config.state, { ...aside, exported });
  log.info({ database: name, bytes }, "a kept database is too large to be compared unasked");
}

async function exportRows(
  daemon: Daemon,
  aside: AsideDatabase,
  signal: AbortSignal,
): Promise<void> {
  const { config, world, journal, log } = daemon;
  const { name } = aside.pair.replaced;
  const rows = await openDatabaseRows(config);
  const delta = await inPeace(
    daemon,
    async (limited) => rows.delta({ kept: name, export: true }, limited),
    signal,
  );
  if (delta === undefined || delta.folder === null) {
    return;
  }
  const { folder, at } = delta;
  const incident = incidentOf(daemon, aside);
  const told = rowsKept(config.application.name, { delta, incident });
  daemon.tell(told);
  if (incident !== null) {
    journal.record({ kind: "noted", incident, by: "rollwatch", text: told.title });
  }
  await writeAside(world.files, config.state, { ...aside, exported: { folder, at } });
  log.info(
    { database: name, folder, rows: countOf(delta) },
    "exported the rows of a kept database",
  );
}

function incidentOf({ journal }: Daemon, { plan }: AsideDatabase): string | null {
  const recovery = journal.history().recoveries.find((one) => one.plan.id === plan);
  return recovery?.plan.incident ?? null;
}

function countOf({ tables }: DatabaseDelta): number {
  return tables.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0);
}
