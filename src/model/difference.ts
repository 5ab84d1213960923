import { z } from "zod";

/** Kinds of things in which two releases differ. */
const DIFFERENCE_KINDS = [
  "file",
  "package",
  "configuration",
  "definition",
  "identity",
  "interpreter",
  "native-module",
] as const;

/** One thing in which two releases differ. */
export const Difference = z.object({
  kind: z.enum(DIFFERENCE_KINDS),
  /** What differs, such as `server/main.js`, `.env PORT`, `web env MODE` or `interpreter`. */
  name: z.string(),
  change: z.enum(["added", "removed", "changed"]),
  /** How, such as `5 -> 20`; of configuration and environments every value that may be a secret is `***`. */
  detail: z.string(),
});
export type Difference = z.infer<typeof Difference>;
