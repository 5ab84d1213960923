import type { FastifyInstance } from "fastify";
import type { SlackAnswers } from "../model/slack-answer.ts";
import { SLACK_BUTTONS } from "./contract.ts";
import { limitRefusals } from "./forms.ts";
import { sendProblem } from "./problems.ts";

/** Slack sends the whole message along. */
const MAX_BODY_BYTES = 256 * 1024;

/** Where Slack tells which button of a message was pressed; absent where no message has any. */
export function addSlackButtons(
  server: FastifyInstance,
  { slack, clock }: { readonly slack?: SlackAnswers; readonly clock: { monotonic(): number } },
): void {
  if (slack === undefined) {
    return;
  }
  const how = { bodyLimit: MAX_BODY_BYTES, ...limitRefusals(server, SLACK_BUTTONS, clock) };
  server.post(SLACK_BUTTONS, how, async ({ body, headers }, reply) => {
    const heard = slack.hear({
      body: typeof body === "string" ? body : "",
      timestamp: String(headers["x-slack-request-timestamp"] ?? ""),
      signature: String(headers["x-slack-signature"] ?? ""),
    });
    return heard.kind === "heard"
      ? reply.code(200).send()
      : sendProblem(reply, heard.status, { code: "not-permitted", detail: heard.detail });
  });
}
