import { createHmac } from "node:crypto";
import { join } from "node:path";
import { expect } from "vitest";
import type { Scenario } from "./scenario.ts";
import { type Answer, ask } from "./served.ts";
import type { SlackApi } from "./services/slack-api.ts";

export const SIGNING_SECRET = "0123456789abcdef0123456789abcdef";

/** What the button of the live message sends. */
export async function buttonOf(slack: SlackApi, action = "rollwatch-approve"): Promise<string> {
  let value = "";
  await expect
    .poll(
      () => {
        value = slack
          .messages()
          .map(({ buttons }) => buttons[action] ?? "")
          .join("");
        return value;
      },
      { timeout: 10_000 },
    )
    .not.toBe("");
  return value;
}

/** What Slack sends when a member has pressed it. */
export function pressed(user: string, value: string, action = "rollwatch-approve"): string {
  const payload = {
    type: "block_actions",
    user: { id: user },
    actions: [{ action_id: action, value }],
  };
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
}

/** How it is signed. */
export interface Signing {
  readonly secret?: string;
  readonly ageMs?: number;
}

/** Sends it as Slack does, signed. */
export async function press(
  story: Scenario,
  body: string,
  { secret = SIGNING_SECRET, ageMs = 0 }: Signing = {},
): Promise<Answer> {
  const timestamp = String(Math.floor((story.clock.now() - ageMs) / 1000));
  const mac = createHmac("sha256", secret).update(`v0:${timestamp}:${body}`).digest("hex");
  const headers = {
    "content-type": "application/x-www-form-urlencoded",
    "x-slack-request-timestamp": timestamp,
    "x-slack-signature": `v0=${mac}`,
  };
  const socketPath = join(story.config.state, "rollwatch.sock");
  return ask({ socketPath, path: "/slack/interactions", method: "POST", headers }, body);
}
