import type { Conversation, Dial, Websocket } from "../../../src/system/websocket.ts";

/** A Websocket whose target does what it was told to; remembers how it was spoken to. */
export interface FakeWebsocket extends Websocket {
  readonly dialled: readonly Dial[];
  setConversation(conversation: Conversation): void;
}

/** A Websocket whose target answers a ping and sends `message` unasked. */
export function fakeWebsocket(message = "hello"): FakeWebsocket {
  const dialled: Dial[] = [];
  let told: Conversation | undefined;
  return {
    dialled,
    setConversation: (next) => {
      told = next;
    },
    converse: async (dial, signal) => {
      signal.throwIfAborted();
      dialled.push(dial);
      return told ?? ordinary(dial, message);
    },
  };
}

function ordinary({ expectMessage, timeoutMs }: Dial, message: string): Conversation {
  const until = ["connect", "handshake", "ping"].map((name, place) => ({ name, atMs: place + 1 }));
  if (expectMessage === undefined) {
    return { kind: "fine", milestones: until, totalMs: 3 };
  }
  if (!message.includes(expectMessage)) {
    const detail = "still waiting for the expected message";
    return { kind: "failed", reason: "timeout", detail, milestones: until, totalMs: timeoutMs };
  }
  return { kind: "fine", milestones: [...until, { name: "message", atMs: 4 }], totalMs: 4 };
}
