import type { Reading } from "../model/sample.ts";
import type { NoAnswer } from "../system/postgres-connection.ts";

/** A statement of the operator's that was not carried out proves nothing: it may be wrong, not allowed, or the database away. */
export function readingOfNoAnswer({ phase, detail, local }: NoAnswer): Reading {
  const told = `${phase}: ${detail}`;
  if (local !== undefined) {
    return { kind: "absent", reason: local, detail: told };
  }
  const isOurs = phase === "authentication" || phase === "forbidden";
  return { kind: "absent", reason: isOurs ? "credentials" : "no-metrics", detail: told };
}
