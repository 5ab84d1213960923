import type { Notice } from "../model/notice.ts";
import { fit } from "./fit.ts";

/** Characters of a header block, as Slack counts them after escaping; node-slack-sdk's types. */
const MAX_HEADER = 150;

/** Characters of a section's or a context's text; node-slack-sdk's types. */
const MAX_TEXT = 3000;

/** A block of a message. */
type Block = Readonly<Record<string, unknown>>;

/** A notice as a message of Slack's Block Kit: title, text, and below what it is about, then `more`. `text` is what notifications and screen readers have; `verbatim` and `parse` keep Slack from finding names in our words. */
export function slackMessage(
  { id, reason, urgency, incident, title, text }: Notice,
  more: readonly Block[] = [],
): Readonly<Record<string, unknown>> {
  const about = [urgency, reason, ...(incident === null ? [] : [incident]), id].join(" · ");
  const line = title.replaceAll(/\s+/gu, " ");
  const heading = { type: "plain_text", text: slackText(line, MAX_HEADER), emoji: false };
  return {
    text: slackText(line),
    parse: "none",
    link_names: false,
    unfurl_links: false,
    blocks: [
      { type: "header", text: heading },
      ...(text.trim() === "" ? [] : [{ type: "section", text: words(text) }]),
      { type: "context", elements: [words(about)] },
      ...more,
    ],
  };
}

function words(text: string): Block {
  return { type: "mrkdwn", text: slackText(text), verbatim: true };
}

/** A text as Slack shows it to the letter, calling nobody and cut to `max` characters after escaping. */
export function slackText(text: string, max = MAX_TEXT): string {
  return fit(disarmed(text), { max, encode: escaped });
}

/** What calls a whole channel is parted by a word joiner, which nobody sees: old workspaces find it in plain text too. */
function disarmed(text: string): string {
  return text.replaceAll(/@(?=channel|here|everyone|group)/giu, "@\u2060");
}

/** Slack's three control characters; with them out of the way nobody can be mentioned and nothing linked. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
