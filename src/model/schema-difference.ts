import { z } from "zod";

/** Whether the older release runs on the newer schema; `breaking` also where that is in doubt. */
export const SCHEMA_VERDICTS = ["unchanged", "additive", "breaking"] as const;
export type SchemaVerdict = (typeof SCHEMA_VERDICTS)[number];

/** One thing in which two schemas differ, from the older one to the newer. */
export const SchemaDifference = z.object({
  /** `table`, `column`, `constraint`, `index`, `trigger`, `function` and the like. */
  kind: z.string(),
  name: z.string(),
  change: z.enum(["added", "removed", "changed"]),
  verdict: z.enum(["additive", "breaking"]),
  /** What it means for the older release, in words. */
  reason: z.string(),
});
export type SchemaDifference = z.infer<typeof SchemaDifference>;

/** Everything in which two schemas differ, and the worst of it. */
export const SchemaComparison = z.object({
  verdict: z.enum(SCHEMA_VERDICTS),
  differences: z.array(SchemaDifference),
});
export type SchemaComparison = z.infer<typeof SchemaComparison>;
