import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  createWebsocketProbe,
  WebsocketProbeSettings,
} from "../../../src/observe/probes/websocket.ts";
import type { Conversation } from "../../../src/system/websocket.ts";
import { fakeWebsocket } from "../../support/fakes/websocket.ts";

const NEVER = new AbortController().signal;
const COURSE = { milestones: [{ name: "connect", atMs: 4 }], totalMs: 1200 };

function settingsOf(more: object = {}): WebsocketProbeSettings {
  return WebsocketProbeSettings.parse({
    kind: "websocket",
    url: "ws://127.0.0.1:3001/live",
    ...more,
  });
}

async function readingOf(conversation: Conversation): Promise<Reading> {
  const websocket = fakeWebsocket();
  websocket.setConversation(conversation);
  return createWebsocketProbe("live", settingsOf(), { websocket }).sample(NEVER);
}

function declined(status: number, headers: Readonly<Record<string, string>> = {}): Conversation {
  return { kind: "declined", status, headers, ...COURSE };
}

function failed(reason: Extract<Conversation, { kind: "failed" }>["reason"]): Conversation {
  return { kind: "failed", reason, detail: "raw", ...COURSE };
}

describe("the websocket probe", () => {
  it("measures 0 for a conversation as expected, with its times as evidence", async () => {
    const websocket = fakeWebsocket("reading 42");
    const settings = settingsOf({ send: "subscribe", expectMessage: "reading" });

    const reading = await createWebsocketProbe("live", settings, { websocket }).sample(NEVER);

    expect(reading).toEqual({
      kind: "measured",
      value: 0,
      detail: "connect 1 ms, handshake 1 ms, ping 1 ms, message 1 ms",
    });
    expect(websocket.dialled).toEqual([
      {
        url: "ws://127.0.0.1:3001/live",
        timeoutMs: 3000,
        send: "subscribe",
        expectMessage: "reading",
      },
    ]);
  });

  it("connects every 5 s and sends nothing unless told otherwise", async () => {
    const websocket = fakeWebsocket();
    const probe = createWebsocketProbe("live", settingsOf(), { websocket });

    await probe.sample(NEVER);

    expect(probe).toMatchObject({ signal: "live", kind: "websocket", intervalMs: 5000 });
    expect(websocket.dialled).toEqual([{ url: "ws://127.0.0.1:3001/live", timeoutMs: 3000 }]);
  });

  /** What came of it, and the words for it. */
  const failures: readonly (readonly [string, Conversation, string])[] = [
    [
      "a refused connection",
      failed("refused"),
      "the connection was refused (raw; connect 4 ms, over after 1.2 s)",
    ],
    [
      "a timeout",
      failed("timeout"),
      "it did not answer in time (raw; connect 4 ms, over after 1.2 s)",
    ],
    [
      "a connection that it closes",
      failed("closed"),
      "it closed the connection (raw; connect 4 ms, over after 1.2 s)",
    ],
    [
      "what is no WebSocket",
      failed("bad-answer"),
      "its answer is no valid WebSocket (raw; connect 4 ms, over after 1.2 s)",
    ],
    [
      "a handshake that wants a login",
      declined(401),
      "it answered the handshake with 401, expected 101 (connect 4 ms, over after 1.2 s)",
    ],
    [
      "a handshake that is forbidden",
      declined(403),
      "it answered the handshake with 403, expected 101 (connect 4 ms, over after 1.2 s)",
    ],
    [
      "an overloaded server, though it says when to come back",
      declined(503, { "retry-after": "5" }),
      "it answered the handshake with 503, expected 101 (connect 4 ms, over after 1.2 s)",
    ],
    [
      "a redirect",
      declined(302, { location: "/login?token=secret" }),
      "it redirects to /login (302) (connect 4 ms, over after 1.2 s)",
    ],
  ];

  it.each(failures)("measures 1 for %s: the target's own failure", async (_name, one, detail) => {
    expect(await readingOf(one)).toEqual({ kind: "measured", value: 1, detail });
  });

  it("measures nothing while it is throttled, and passes on for how long", async () => {
    expect(await readingOf(declined(429, { "retry-after": "20" }))).toEqual({
      kind: "absent",
      reason: "throttled",
      detail: "it asks us to slow down (429)",
      retryAfterMs: 20_000,
    });
  });

  it("measures nothing when the trouble is our own", async () => {
    const reading = await readingOf({ kind: "local", reason: "out-of-descriptors", detail: "d" });

    expect(reading).toEqual({ kind: "absent", reason: "out-of-descriptors", detail: "d" });
  });
});

describe("the settings of the websocket probe", () => {
  it.each(["http://127.0.0.1/", "127.0.0.1:3001", "ws://127.0.0.1/#live"])(
    "refuse the address %s",
    (url) => {
      expect(WebsocketProbeSettings.safeParse({ kind: "websocket", url }).success).toBe(false);
    },
  );
});
