import { z } from "zod";
import { ESCAPES_EXPECTED, hasWholeEscapes } from "./whole-escapes.ts";

/** The address of a database of PostgreSQL, or of PgBouncer's console, whose percent signs all begin an escape. */
export function databaseUrl(example: string): z.ZodURL {
  return (
    z
      .url({
        protocol: /^postgres(ql)?$/u,
        error: `expected an address such as ${example}`,
        abort: true,
      })
      // A `%` in a password that is none of an escape would end the daemon: \`pg\` and libpq decode it.
      .refine(hasWholeEscapes, ESCAPES_EXPECTED)
  );
}
