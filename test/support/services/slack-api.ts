import { z } from "zod";
import { startHttpService, type ServiceAnswer } from "./http-service.ts";
import { Message, seen, type SlackMessage } from "./slack.ts";

/** A message in a conversation; `ts` is its id. */
export interface PostedMessage extends SlackMessage {
  readonly ts: string;
  readonly thread?: string | undefined;
  readonly isBroadcast: boolean;
}

/** Slack's Web API as far as a bot uses it; it answers 200 and says in the body what became of a call. */
export interface SlackApi {
  /** In place of `https://slack.com/api`. */
  readonly url: string;
  /** Of the conversation, oldest first, as they are now. */
  readonly messages: () => readonly PostedMessage[];
  /** What single members were told. */
  readonly whispers: readonly { readonly user: string; readonly text: string }[];
  /** Answers the next call of a method with this error, or the one after `after` more. */
  readonly failNext: (method: string, error: string, after?: number) => void;
  /** Deletes a message, as people do. */
  readonly remove: (ts: string) => void;
}

export const SLACK_BOT_TOKEN = "xoxb-geheim-geheim";
export const SLACK_CONVERSATION = "C0123456789";

const Posted = Message.extend({
  channel: z.string(),
  thread_ts: z.string().optional(),
  reply_broadcast: z.boolean().optional(),
});
const Updated = Message.extend({ channel: z.string(), ts: z.string() });
const Whispered = z.object({ channel: z.string(), user: z.string(), text: z.string().min(1) });

type Answer = Readonly<Record<string, unknown>>;

/** Takes calls until the test has ended. */
export async function startSlackApi(): Promise<SlackApi> {
  const messages = new Map<string, PostedMessage>();
  const whispers: { user: string; text: string }[] = [];
  const failures = new Map<string, { readonly error: string; readonly after: number }>();
  let count = 0;

  function post(body: unknown): Answer {
    const message = Posted.parse(body);
    if (message.channel !== SLACK_CONVERSATION) {
      return refused("channel_not_found");
    }
    if (message.thread_ts !== undefined && !messages.has(message.thread_ts)) {
      return refused("thread_not_found");
    }
    count += 1;
    const ts = `1700000000.${String(count).padStart(6, "0")}`;
    const about = { thread: message.thread_ts, isBroadcast: message.reply_broadcast === true };
    messages.set(ts, { ...seen(message), ts, ...about });
    return { ok: true, channel: SLACK_CONVERSATION, ts, message };
  }

  function update(body: unknown): Answer {
    const message = Updated.parse(body);
    const known = messages.get(message.ts);
    if (known === undefined) {
      return refused("message_not_found");
    }
    messages.set(message.ts, { ...known, ...seen(message) });
    return { ok: true, channel: SLACK_CONVERSATION, ts: message.ts };
  }

  function whisper(body: unknown): Answer {
    const { user, text } = Whispered.parse(body);
    whispers.push({ user, text });
    return { ok: true, message_ts: "1700000000.900000" };
  }

  function failureOf(method: string): string | undefined {
    const { error, after } = failures.get(method) ?? { error: "", after: -1 };
    failures.delete(method);
    if (after > 0) {
      failures.set(method, { error, after: after - 1 });
    }
    return after === 0 ? error : undefined;
  }

  const methods: Readonly<Record<string, (body: unknown) => Answer>> = {
    "chat.postMessage": post,
    "chat.update": update,
    "chat.postEphemeral": whisper,
  };
  const service = await startHttpService(({ path, headers, body }): ServiceAnswer => {
    const method = path.replace("/api/", "");
    const run = methods[method];
    const failure = failureOf(method);
    if (headers.authorization !== `Bearer ${SLACK_BOT_TOKEN}`) {
      return told(refused("invalid_auth"));
    }
    if (run === undefined) {
      return told(refused("unknown_method"));
    }
    return told(failure === undefined ? answerOf(run, body) : refused(failure));
  });
  return {
    url: `${service.url}/api`,
    messages: () => [...messages.values()],
    whispers,
    failNext: (method, error, after = 0) => failures.set(method, { error, after }),
    remove: (ts) => messages.delete(ts),
  };
}

function answerOf(run: (body: unknown) => Answer, body: string): Answer {
  try {
    return run(JSON.parse(body));
  } catch {
    return refused("invalid_blocks");
  }
}

function refused(error: string): Answer {
  return { ok: false, error };
}

function told(answer: Answer): ServiceAnswer {
  return {
    status: 200,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(answer),
  };
}
