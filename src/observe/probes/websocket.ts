import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Conversation, Websocket } from "../../system/websocket.ts";
import {
  FAILURE_WORDS,
  tellFailedMilestones,
  tellMilestones,
  tellRedirect,
  throttled,
} from "../exchange.ts";
import type { Probe } from "../probe.ts";

/** Speaks to a WebSocket server and measures 1 when connecting, a ping or the expected message fails, else 0. */
export const WebsocketProbeSettings = z.strictObject({
  kind: z.literal("websocket"),
  url: z
    .url({ protocol: /^wss?$/u, error: "expected an address such as ws://127.0.0.1:3001/live" })
    .refine(
      (url) => !url.includes("#"),
      "expected an address without `#`, which WebSocket forbids",
    ),
  /** Time between two connections. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** Longest time for connecting, the ping and the expected message together. Default 3s. */
  timeout: PositiveDuration.prefault("3s"),
  /** A text to send once the ping was answered. Default: nothing is sent. */
  send: z.string().min(1).optional(),
  /** A text that some message within the timeout must contain. Default: no message is waited for. */
  expectMessage: z.string().min(1).optional(),
});
export type WebsocketProbeSettings = z.infer<typeof WebsocketProbeSettings>;

/** A probe that measures 1 while the WebSocket server fails and 0 while it converses as expected. */
export function createWebsocketProbe(
  name: string,
  settings: WebsocketProbeSettings,
  ports: { readonly websocket: Websocket },
): Probe {
  const { url, interval, timeout, send, expectMessage } = settings;
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const dial = {
        url,
        timeoutMs: timeout,
        ...(send === undefined ? {} : { send }),
        ...(expectMessage === undefined ? {} : { expectMessage }),
      };
      return readingOf(await ports.websocket.converse(dial, signal));
    },
  };
}

function readingOf(conversation: Conversation): Reading {
  switch (conversation.kind) {
    case "local":
      return { kind: "absent", reason: conversation.reason, detail: conversation.detail };
    case "fine":
      return measured(0, tellMilestones(conversation.milestones));
    case "declined":
      return readingOfDeclined(conversation);
    case "failed": {
      const { reason, detail, milestones, totalMs } = conversation;
      const why = reason === "closed" ? "it closed the connection" : WORDS[reason];
      return measured(1, `${why} (${detail}; ${tellFailedMilestones(milestones, totalMs)})`);
    }
    default:
      return assertNever(conversation);
  }
}

const WORDS = { ...FAILURE_WORDS, "bad-answer": "its answer is no valid WebSocket" };

/** A refused handshake is an answer about the target, a 401 too: its other clients knock in the same way. */
function readingOfDeclined(declined: Extract<Conversation, { kind: "declined" }>): Reading {
  const { status, headers, milestones, totalMs } = declined;
  if (status === 429) {
    return throttled(headers);
  }
  const why =
    status >= 300 && status < 400
      ? tellRedirect(status, headers)
      : `it answered the handshake with ${status}, expected 101`;
  return measured(1, `${why} (${tellFailedMilestones(milestones, totalMs)})`);
}

function measured(value: 0 | 1, detail: string): Reading {
  return { kind: "measured", value, detail };
}
