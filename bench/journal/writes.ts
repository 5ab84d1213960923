import { closeSync, fdatasyncSync, fsyncSync, openSync, writeSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import path from "node:path";
import { openStore } from "../../src/journal/store.ts";
import type { Fact } from "../../src/model/facts.ts";
import { openClock } from "../../src/system/clock.ts";

/** Ways to have a fact on the disk; each returns when it is there. */
export const WAYS = ["journal", "fsync", "fdatasync"] as const;
export type Way = (typeof WAYS)[number];

/** How long each write took, in milliseconds, in the order of the writes. */
export type WriteTimes = Readonly<Record<Way, readonly number[]>>;

const FACT: Fact = {
  kind: "step-finished",
  plan: "plan-1",
  step: "switch:server",
  outcome: { kind: "done", detail: "server is in its place (212 files)" },
};
const WARM_UP = 20;

/** Writes the same fact in every way, one after the other, so that each meets the same moment of the disk. */
export async function measureWrites(folder: string, count: number): Promise<WriteTimes> {
  const own = await mkdtemp(path.join(folder, "rw-"));
  const store = openStore(path.join(own, "journal.db"), openClock());
  const plain = openSync(path.join(own, "plain"), "a", 0o600);
  const data = openSync(path.join(own, "data"), "a", 0o600);
  const line = `${JSON.stringify(FACT)}\n`;
  const writes: Readonly<Record<Way, () => void>> = {
    journal: () => void store.append(FACT),
    fsync: () => {
      writeSync(plain, line);
      fsyncSync(plain);
    },
    fdatasync: () => {
      writeSync(data, line);
      fdatasyncSync(data);
    },
  };
  const times: Readonly<Record<Way, number[]>> = { journal: [], fsync: [], fdatasync: [] };
  try {
    for (let round = 0; round < WARM_UP + count; round += 1) {
      for (const way of WAYS) {
        const begun = performance.now();
        writes[way]();
        if (round >= WARM_UP) {
          times[way].push(performance.now() - begun);
        }
      }
    }
    return times;
  } finally {
    store.close();
    closeSync(plain);
    closeSync(data);
    await rm(own, { recursive: true, force: true });
  }
}
