import { z } from "zod";
import type { Notice } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { Channel } from "../channel.ts";
import { bytesAsJson, fit } from "../fit.ts";
import { post } from "../post.ts";

/** Posts notices as cards to a workflow of Microsoft Teams ("when a webhook request is received"). */
export const TeamsChannelSettings = z.strictObject({
  kind: z.literal("teams"),
  /** The workflow's address; whoever knows it can post. */
  url: z.url({ protocol: /^https?$/u }),
  /** Longest time for one delivery. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});
export type TeamsChannelSettings = z.infer<typeof TeamsChannelSettings>;

/** Bytes of title and text as JSON; Teams takes messages of 28 kB in all. */
const MAX_TITLE_BYTES = 1000;
const MAX_TEXT_BYTES = 20_000;

/** Newer cards did not render everywhere (gatus, 2024-08). */
const CARD_VERSION = "1.4";

/** A channel that writes one adaptive card per notice: title, text, and below what it is about. */
export function createTeamsChannel(
  name: string,
  { url, timeout: timeoutMs }: TeamsChannelSettings,
  clock: Clock,
): Channel {
  const headers = { "content-type": "application/json" };
  return {
    name,
    send: async (notice, signal) => {
      const body = JSON.stringify(messageOf(notice));
      return post({ url, headers, body, timeoutMs, isTaken }, clock, signal);
    },
  };
}

/** A workflow takes a message with 202 and nothing else; 200 with words is a failure further on, or a proxy. */
function isTaken(status: number, answer: string): boolean {
  return status === 202 || answer.trim() === "";
}

function messageOf(notice: Notice): Readonly<Record<string, unknown>> {
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: CARD_VERSION,
    body: bodyOf(notice),
    msteams: { width: "Full" },
  };
  const contentType = "application/vnd.microsoft.card.adaptive";
  return { type: "message", attachments: [{ contentType, contentUrl: null, content }] };
}

function bodyOf({ id, reason, urgency, incident, title, text }: Notice): readonly object[] {
  const facts = [
    { title: "Urgency", value: urgency },
    { title: "Reason", value: reason },
    ...(incident === null ? [] : [{ title: "Incident", value: incident }]),
    { title: "Notice", value: id },
  ];
  const line = title.replaceAll(/\s+/gu, " ");
  return [
    plain(line, MAX_TITLE_BYTES, { size: "Large", weight: "Bolder" }),
    ...(text.trim() === "" ? [] : [plain(text, MAX_TEXT_BYTES)]),
    { type: "FactSet", facts },
  ];
}

/** A rich text, since a `TextBlock` takes Markdown: links, and `<at>` mentions, of what a notice quotes. */
function plain(text: string, max: number, style: Readonly<Record<string, string>> = {}): object {
  const run = { type: "TextRun", text: fit(text, { max, size: bytesAsJson }), ...style };
  return { type: "RichTextBlock", inlines: [run] };
}
