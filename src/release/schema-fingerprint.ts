import { createHash } from "node:crypto";
import type { Files } from "../system/files.ts";
import type { DumpOrder, PostgresPrograms } from "../system/postgres-programs.ts";

/** A cast as the server writes it; after a restore the same expression may have others. */
const CASTS =
  /::(?:"[^"]+"|character varying|double precision|(?:timestamp|time) with(?:out)? time zone|[a-z_.0-9]+)(?:\(\d+(?:,\d+)?\))?(?:\[\])?/gu;

/** Fingerprints the schema of the database that the order names; its file is left for the caller to remove. */
export async function readFingerprint(
  { files, programs }: { readonly files: Files; readonly programs: PostgresPrograms },
  order: DumpOrder,
  signal: AbortSignal,
): Promise<string> {
  await files.writeAtomic(order.file, "", 0o600);
  await programs.dumpSchema(order, signal);
  return fingerprintSchema((await files.readText(order.file)) ?? "");
}

/**
 * sha256 over the schema without what differs between two dumps of the same one: comments, settings, pg_dump's random keys; and in
 * expressions with casts (`status in ('a', 'b')`) without those and their parentheses, which the server writes otherwise once restored.
 */
export function fingerprintSchema(text: string): string {
  const lines = text
    .split("\n")
    .filter(
      (line) => !/^\s*$|^--|^SET |^SELECT pg_catalog\.set_config|^\\(un)?restrict/u.test(line),
    )
    .map((line) =>
      line.includes("::") ? line.replaceAll(CASTS, "").replaceAll(/[()\s]/gu, "") : line,
    );
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}
