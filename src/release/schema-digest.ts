import { createHash } from "node:crypto";
import type { SchemaCatalogue } from "../model/schema-catalogue.ts";

/** sha256 in hex over a structure as it was read: the same text for the same one at the same server. */
export function schemaDigest(schema: SchemaCatalogue): string {
  return createHash("sha256").update(JSON.stringify(schema)).digest("hex");
}
