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

/** A statement that takes an addition away again: advice for a person, never carried out. */
export const SchemaUndo = z.object({
  statement: z.string(),
  /** The data that are lost with it; null for none. */
  loses: z.string().nullable(),
});
export type SchemaUndo = z.infer<typeof SchemaUndo>;

/** The schemas of two releases: whether the first one's code runs on the second one's, or why nobody knows. */
export const SchemaReport = z.discriminatedUnion("kind", [
  SchemaComparison.extend({
    kind: z.literal("compared"),
    /** Takes what was added away again; what else differs is not in it. */
    undo: z.array(SchemaUndo),
  }),
  z.object({ kind: z.literal("unknown"), reason: z.string() }),
]);
export type SchemaReport = z.infer<typeof SchemaReport>;
