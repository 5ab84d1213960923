import { z } from "zod";
import { Duration } from "../../model/units.ts";

/** Posts notices as JSON, signed like Standard Webhooks when a secret is given. */
export const WebhookChannelSettings = z.strictObject({
  kind: z.literal("webhook"),
  url: z.url({ protocol: /^https?$/u }),
  /** Key of the `webhook-signature` header; unsigned without one. */
  secret: z.string().min(16).optional(),
  /** Longest time for one delivery. Default 10s. */
  timeout: Duration.prefault("10s"),
});
export type WebhookChannelSettings = z.infer<typeof WebhookChannelSettings>;
