import { createHmac, timingSafeEqual } from "node:crypto";
import type { SlackRequest } from "../model/slack-answer.ts";

/** How old or new a request may be, in milliseconds; docs.slack.dev/authentication/verifying-requests-from-slack. */
export const LONGEST_SKEW_MS = 300_000;

/** Whether Slack signed the request with this secret: `v0=` and HMAC-SHA256 over `v0:timestamp:body`. Takes the same time for each wrong one. */
export function isSignedBySlack(
  { body, timestamp, signature }: SlackRequest,
  signingSecret: string,
): boolean {
  const mac = createHmac("sha256", signingSecret).update(`v0:${timestamp}:${body}`).digest("hex");
  const expected = Buffer.from(`v0=${mac}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
