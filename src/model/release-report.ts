import { z } from "zod";
import { DatabaseRecord } from "./database-record.ts";
import { Difference } from "./difference.ts";
import { Identity } from "./identity.ts";
import { SecurityFloorReport } from "./operations.ts";
import { NativeModule } from "./release.ts";
import { SchemaReport } from "./schema-difference.ts";
import { WarmReport } from "./warm-database.ts";

/** A captured release in full, without contents and secrets. Sizes in bytes, times in ms since the epoch. */
export const ReleaseDetails = z.object({
  id: z.string(),
  commit: z.string().nullable().optional(),
  capturedAt: z.number(),
  provenAt: z.number().nullable(),
  tag: z.string().nullable(),
  /** Hashes, the served release id and the schema's revision. */
  identity: Identity,
  /** Of the Node that runs the services, such as `v20.20.2`. */
  interpreter: z.string(),
  /** Its program; null where it was not found. */
  interpreterPath: z.string().nullable(),
  nativeModules: z.array(NativeModule),
  services: z.array(z.string()),
  /** What a rollback puts back. */
  paths: z.array(
    z.object({
      path: z.string(),
      kind: z.string(),
      /** `environment`, `database` or `monitoring`; null for an artefact. */
      kindOfConfig: z.string().nullable(),
      digest: z.string(),
      files: z.number(),
      bytes: z.number(),
    }),
  ),
  /** What was kept of the database; null when nothing was tried. */
  database: DatabaseRecord.nullable(),
  /** Whether it can be restored right now; null while that was not looked at. */
  ready: z.boolean().nullable(),
  problems: z.array(z.string()),
  /** Present on a security floor. */
  securityFloor: SecurityFloorReport.optional(),
  /** The database that waits for it, or of the newest proven release why none does; absent elsewhere. */
  warm: WarmReport.optional(),
});
export type ReleaseDetails = z.infer<typeof ReleaseDetails>;

/** What differs between two captured releases, or between one and what is deployed. Values of configuration are masked where they may be secrets. */
export const ReleaseDifference = z.object({
  from: z.string(),
  to: z.string(),
  changes: z.array(Difference),
  /** How many files of each artefact differ. */
  artifacts: z.array(
    z.object({ path: z.string(), added: z.number(), removed: z.number(), changed: z.number() }),
  ),
  /** Changed files that are left out of the list: a path shows at most 200. */
  more: z.number(),
  /** Of the database, for the code of `from` on the schema of `to`; null where none is configured. */
  schema: SchemaReport.nullable(),
});
export type ReleaseDifference = z.infer<typeof ReleaseDifference>;
