import { z } from "zod";
import { startHttpService, type ServiceAnswer } from "./http-service.ts";

const Text = z.strictObject({
  type: z.enum(["plain_text", "mrkdwn"]),
  text: z.string().min(1).max(3000),
  emoji: z.boolean().optional(),
  verbatim: z.boolean().optional(),
});

const Plain = z.strictObject({ type: z.literal("plain_text"), text: z.string().min(1).max(300) });

const Button = z.strictObject({
  type: z.literal("button"),
  text: Plain.extend({ text: z.string().max(75) }),
  action_id: z.string().max(255),
  value: z.string().max(2000),
  style: z.enum(["danger", "primary"]).optional(),
  confirm: z.strictObject({
    title: Plain.extend({ text: z.string().max(100) }),
    text: Plain,
    confirm: Plain.extend({ text: z.string().max(30) }),
    deny: Plain.extend({ text: z.string().max(30) }),
  }),
});

const Block = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("header"),
    text: Text.extend({ type: z.literal("plain_text"), text: z.string().min(1).max(150) }),
  }),
  z.strictObject({ type: z.literal("section"), text: Text }),
  z.strictObject({ type: z.literal("context"), elements: z.array(Text).min(1).max(10) }),
  z.strictObject({ type: z.literal("actions"), elements: z.array(Button).min(1).max(25) }),
]);

export const Message = z.object({
  text: z.string().min(1),
  parse: z.enum(["none", "full"]),
  link_names: z.boolean(),
  blocks: z.array(Block).max(50),
});

/** A message as people see it in Slack. */
export interface SlackMessage {
  readonly header: string;
  readonly sections: readonly string[];
  readonly context: string;
  /** What a phone shows of it. */
  readonly preview: string;
  /** Whom it calls and what it links: `<!channel>`, `<@U1>`, `<https://…>`, and names that Slack finds by itself. */
  readonly called: readonly string[];
  /** What its buttons send when they are pressed, by their action. */
  readonly buttons: Readonly<Record<string, string>>;
}

/** An incoming webhook of Slack with the limits of its Block Kit; what it refuses it refuses with Slack's words. */
export interface SlackService {
  /** The whole address of the webhook. */
  readonly url: string;
  readonly messages: readonly SlackMessage[];
}

const PATH = "/services/T0GEHEIM/B0GEHEIM/xgeheim";

/** Takes messages until the test has ended. */
export async function startSlack(): Promise<SlackService> {
  const messages: SlackMessage[] = [];
  const service = await startHttpService(({ path, body }): ServiceAnswer => {
    if (path !== PATH) {
      return { status: 404, body: "no_service" };
    }
    const message = Message.safeParse(parsed(body));
    if (!message.success) {
      return { status: 400, body: "invalid_blocks" };
    }
    messages.push(seen(message.data));
    return { status: 200, headers: { "content-type": "text/plain" }, body: "ok" };
  });
  return { url: `${service.url}${PATH}`, messages };
}

/** The address of a webhook at another place. */
export function slackUrlAt(origin: string): string {
  return `${origin}${PATH}`;
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** A message as people see it. */
export function seen({ text, blocks, ...how }: z.infer<typeof Message>): SlackMessage {
  const header = blocks.flatMap((one) => (one.type === "header" ? [one.text.text] : []));
  const sections = blocks.flatMap((one) => (one.type === "section" ? [one.text] : []));
  const context = blocks.flatMap((one) => (one.type === "context" ? one.elements : []));
  const marked = [...sections, ...context].filter((one) => one.type === "mrkdwn");
  const found = marked.filter((one) => one.verbatim !== true).map((one) => one.text);
  const buttons = blocks.flatMap((one) => (one.type === "actions" ? one.elements : []));
  const isParsed = how.parse === "full" || how.link_names;
  return {
    header: header.map(decoded).join("\n"),
    sections: sections.map((one) => decoded(one.text)),
    context: context.map((one) => decoded(one.text)).join("\n"),
    preview: decoded(text),
    buttons: Object.fromEntries(buttons.map((one) => [one.action_id, one.value])),
    called: [
      ...[text, ...marked.map((one) => one.text)].flatMap((one) => one.match(/<[^>]*>/gu) ?? []),
      ...[...found, ...(isParsed ? [text] : [])].flatMap((one) => one.match(/@\w+/gu) ?? []),
    ],
  };
}

/** An ampersand that begins no entity is shown as it is, which shows that one was cut. */
function decoded(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
