import path from "node:path";
import { mkdir } from "node:fs/promises";
import type { Dump } from "../../src/model/database-record.ts";
import type { WarmDatabase } from "../../src/model/warm-database.ts";
import { createCheckDatabase } from "../../src/recover/steps/check-database.ts";
import { createMoveSequences } from "../../src/recover/steps/move-sequences.ts";
import { createSwapDatabase } from "../../src/recover/steps/swap-database.ts";
import { createVerifyDatabase } from "../../src/recover/steps/verify-database.ts";
import { makeBeside } from "../../src/release/database-beside.ts";
import { dumpDatabase } from "../../src/release/dump.ts";
import { makeWarmDatabase } from "../../src/release/warm-database.ts";
import { DATABASE, type Place } from "./place.ts";

const { signal } = new AbortController();
const RELEASE = "rel-bench";
const STEP = { phase: "act", text: "bench", deadlineMs: 3_600_000 } as const;

/** Makes the warm database of the only release. */
export async function makeWarm({ ports }: Place, way: "online" | "clone"): Promise<WarmDatabase> {
  await mkdir(ports.catalogue.folderOf(RELEASE), { recursive: true, mode: 0o700 });
  return makeWarmDatabase(ports, RELEASE, { way }, signal);
}

/** Makes the dump that the fallback restores. */
export async function makeDump({ ports }: Place): Promise<Dump> {
  await mkdir(ports.catalogue.folderOf(RELEASE), { recursive: true, mode: 0o700 });
  const request = { release: RELEASE, schema: null, application: "bench", settings: {} };
  const record = await dumpDatabase({ ...ports, revision: async () => null }, request, signal);
  if (record.kind !== "dump") {
    throw new Error("there is no pg_dump");
  }
  return record;
}

/** The newest dump. */
export async function readDump({ ports }: Place): Promise<Dump> {
  const dump = await ports.catalogue.readDatabase(RELEASE);
  if (dump?.kind !== "dump") {
    throw new Error("there is no dump");
  }
  return dump;
}

/** Restores the dump beside the live database, as a plan does where none waits. */
export async function restoreBeside({ ports }: Place, dump: Dump): Promise<WarmDatabase> {
  const { catalogue, clock, making } = ports;
  const file = path.join(catalogue.folderOf(RELEASE), dump.file);
  const name = `rollwatch_snap_${clock.now()}`;
  return makeBeside(
    making,
    { way: "restored", dump, path: file, name },
    async (warm) => catalogue.writeWarm(RELEASE, warm),
    signal,
  );
}

/** A swap that is prepared: everything that is done while the services still run. */
export interface PreparedSwap {
  /** The name that the live database gets. */
  readonly aside: string;
  /** What is done while they stand still. */
  readonly act: () => Promise<void>;
}

/** Asks and counts, as a plan does before it stops anything. */
export async function prepareSwap({ ports }: Place): Promise<PreparedSwap> {
  const { databases, catalogue, clock } = ports;
  const live = await databases.live(signal);
  const aside = `${DATABASE}_aside_${clock.now()}`;
  const at = (await catalogue.readWarm(RELEASE))?.at ?? 0;
  const what = { ...STEP, aside };
  const source = { kind: "release" } as const;
  const check = { id: "c", kind: "check-database", source, release: RELEASE, at, live } as const;
  await createCheckDatabase({ ...what, ...check }, ports).run(signal);
  return {
    aside,
    act: async () => {
      await createMoveSequences({ ...what, id: "m", kind: "move-sequences" }, ports).run(signal);
      const patience = { id: "s", kind: "swap-database", patienceMs: 45_000 } as const;
      await createSwapDatabase({ ...what, ...patience }, ports).run(signal);
      await createVerifyDatabase({ ...what, id: "v", kind: "verify-database" }, ports).run(signal);
    },
  };
}
