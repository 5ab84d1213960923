import { z } from "zod";

/** Writes notices to rollwatch's own log. */
export const LogChannelSettings = z.strictObject({ kind: z.literal("log") });
export type LogChannelSettings = z.infer<typeof LogChannelSettings>;
