import { join } from "node:path";
import type { Dump } from "../model/database-record.ts";
import { Failure } from "../model/failure.ts";
import { makeBeside } from "./database-beside.ts";
import { besideName, type WarmPorts } from "./warm-database.ts";

/**
 * Restores a release's dump into a database of its own, compares it with the manifest, drops it again, and notes when that was. Its
 * decoding alone proves no restore. Throws `dump-failed`.
 */
export async function proveDump(
  ports: WarmPorts,
  request: { readonly release: string; readonly program?: string },
  signal: AbortSignal,
): Promise<Dump> {
  const { catalogue, beside, clock } = ports;
  const { release, ...how } = request;
  const dump = await catalogue.readDatabase(release);
  if (dump?.kind !== "dump") {
    const reason = dump?.kind === "none" ? dump.reason : "none was made";
    throw new Failure("dump-failed", `release ${release} has no dump to prove: ${reason}`, {
      hint: "Set `database.dump`; `rollwatch doctor` says what it needs.",
    });
  }
  const path = join(catalogue.folderOf(release), dump.file);
  const name = besideName(clock.now());
  const { seconds } = await makeBeside(
    ports,
    { way: "restored", dump, path, name, ...how },
    async ({ oid }) => {
      await beside.drop({ name, oid }, signal);
    },
    signal,
  );
  const proven = { ...dump, provenAt: clock.now(), restoreSeconds: seconds };
  // A fresh one may have come meanwhile.
  const now = await catalogue.readDatabase(release);
  if (now?.kind === "dump" && now.digest === dump.digest) {
    await catalogue.writeDatabase(release, proven);
  }
  return proven;
}
