import { createHmac } from "node:crypto";
import {
  createServer,
  type IncomingHttpHeaders,
  type RequestListener,
  type Server,
} from "node:http";
import { pino } from "pino";
import { afterEach, describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { WebhookChannelSettings } from "../../../src/notify/channels/webhook.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { aNotice, NOON } from "../../support/builders.ts";
import { createManualClock } from "../../support/fakes/clock.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

const servers: Server[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

async function listen(answer: RequestListener): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      received.push({ path: request.url ?? "", headers: request.headers, body });
      answer(request, response);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/hook`, received };
}

function webhook(
  url: string,
  over: Readonly<Record<string, unknown>> = {},
  clock = openClock(),
): Channel {
  const settings = WebhookChannelSettings.parse({ kind: "webhook", url, ...over });
  return createChannel("test", settings, { clock, log: pino({ enabled: false }) });
}

async function answered(status: number, headers: Record<string, string> = {}): Promise<Delivery> {
  const { url } = await listen((_request, response) => {
    response.writeHead(status, headers).end("because\n of this");
  });
  return webhook(url, {}, createManualClock(NOON)).send(aNotice(), new AbortController().signal);
}

function only(received: readonly Received[]): Received {
  const [first] = received;
  expect(received).toHaveLength(1);
  return first ?? { path: "", headers: {}, body: "" };
}

channelContract("webhook", async () => {
  const { url, received } = await listen((_request, response) => void response.end("ok"));
  return { channel: webhook(url), arrived: () => received.map((one) => one.body) };
});

describe("the webhook channel", () => {
  it.each<[number, Record<string, string>, Delivery]>([
    [200, {}, { kind: "delivered" }],
    [204, {}, { kind: "delivered" }],
    [
      302,
      { location: "/elsewhere" },
      { kind: "refused", reason: "rejected", detail: "HTTP 302 because of this" },
    ],
    ...[400, 410, 413, 422].map((status): [number, Record<string, string>, Delivery] => [
      status,
      {},
      { kind: "refused", reason: "rejected", detail: `HTTP ${status} because of this` },
    ]),
    ...[401, 403, 404, 405, 408, 425].map((status): [number, Record<string, string>, Delivery] => [
      status,
      {},
      { kind: "retry-later", reason: "rejected", detail: `HTTP ${status} because of this` },
    ]),
    [429, {}, { kind: "retry-later", reason: "rate-limited", detail: "HTTP 429 because of this" }],
    [
      429,
      { "retry-after": "7" },
      {
        kind: "retry-later",
        reason: "rate-limited",
        detail: "HTTP 429 because of this",
        afterMs: 7000,
      },
    ],
    [
      503,
      { "retry-after": new Date(NOON + 9000).toUTCString() },
      {
        kind: "retry-later",
        reason: "server-error",
        detail: "HTTP 503 because of this",
        afterMs: 9000,
      },
    ],
    [
      500,
      { "retry-after": "soon" },
      { kind: "retry-later", reason: "server-error", detail: "HTTP 500 because of this" },
    ],
  ])("takes HTTP %i with %j for what it is", async (status, headers, expected) => {
    expect(await answered(status, headers)).toEqual(expected);
  });

  it("does not follow a redirect", async () => {
    const { url, received } = await listen((_request, response) => {
      response.writeHead(307, { location: "/elsewhere" }).end();
    });

    await webhook(url).send(aNotice(), new AbortController().signal);

    expect(received.map((one) => one.path)).toEqual(["/hook"]);
  });

  it("signs id, time and body with the secret", async () => {
    const { url, received } = await listen((_request, response) => void response.end());
    const secret = "correct horse battery";

    await webhook(url, { secret }, createManualClock(NOON)).send(
      aNotice(),
      new AbortController().signal,
    );

    const { headers, body } = only(received);
    const signed = `ntc-1.${NOON / 1000}.${body}`;
    expect(headers).toMatchObject({
      "webhook-id": "ntc-1",
      "webhook-timestamp": String(NOON / 1000),
      "webhook-signature": `v1,${createHmac("sha256", secret).update(signed).digest("base64")}`,
    });
  });

  it("takes a whsec_ secret for base64", async () => {
    const { url, received } = await listen((_request, response) => void response.end());
    const key = Buffer.from("0123456789abcdef");

    await webhook(url, { secret: `whsec_${key.toString("base64")}` }).send(
      aNotice(),
      new AbortController().signal,
    );

    const { headers, body } = only(received);
    const signed = `ntc-1.${String(headers["webhook-timestamp"])}.${body}`;
    expect(headers["webhook-signature"]).toBe(
      `v1,${createHmac("sha256", key).update(signed).digest("base64")}`,
    );
  });

  it("signs nothing without a secret", async () => {
    const { url, received } = await listen((_request, response) => void response.end());

    await webhook(url).send(aNotice(), new AbortController().signal);

    expect(received[0]?.headers).not.toHaveProperty("webhook-signature");
  });

  it("tries again later when nobody listens", async () => {
    const { url } = await listen(() => undefined);
    for (const server of servers.splice(0)) {
      await new Promise((resolve) => server.close(resolve));
    }

    const delivery = await webhook(url).send(aNotice(), new AbortController().signal);

    expect(delivery).toMatchObject({ kind: "retry-later", reason: "refused" });
  });

  it("tries again later when no answer comes in time", async () => {
    const { url } = await listen(() => undefined);

    const delivery = await webhook(url, { timeout: "50ms" }).send(
      aNotice(),
      new AbortController().signal,
    );

    expect(delivery).toMatchObject({ kind: "retry-later", reason: "timeout" });
  });

  it("reads no more than an excerpt of an endless answer", async () => {
    const { url } = await listen((_request, response) => {
      response.writeHead(400);
      function more(): void {
        while (response.write("x".repeat(65_536))) {
          // As fast as the reader takes it.
        }
        response.once("drain", more);
      }
      more();
    });

    const delivery = await webhook(url).send(aNotice(), new AbortController().signal);

    expect(delivery).toEqual({
      kind: "refused",
      reason: "rejected",
      detail: `HTTP 400 ${"x".repeat(200)}`,
    });
  });

  it("keeps to itself where it posts and with what secret, when the receiver echoes it", async () => {
    const secret = "whsec_c2VjcmV0IG9mIGhvb2s=";
    const { url } = await listen((request, response) => {
      const key = new URL(request.url ?? "", "http://h").searchParams.get("key");
      response.writeHead(404).end(`${"x".repeat(190)} POST ${request.url} ${key} T0abc ${secret}`);
    });
    const address = `${url.replace("//", "//me:geheim@")}/T0abc?key=p%20q%20r`;

    const delivery = await webhook(address, { secret }).send(
      aNotice(),
      new AbortController().signal,
    );

    expect("detail" in delivery && delivery.detail).toContain("POST ***");
    expect(JSON.stringify(delivery)).not.toMatch(/hook|T0|p%20q|p q|geheim|c2Vj|key/u);
  });

  it("keeps the status of an answer that drips until the time is out", async () => {
    const { url } = await listen((_request, response) => {
      response.writeHead(503);
      response.write("slow");
    });

    const delivery = await webhook(url, { timeout: "1s" }).send(
      aNotice(),
      new AbortController().signal,
    );

    expect(delivery).toMatchObject({ kind: "retry-later", reason: "server-error" });
  });

  it("rethrows an abort", async () => {
    const controller = new AbortController();
    const { url } = await listen(() => controller.abort(new Error("shutting down")));

    const result = webhook(url).send(aNotice(), controller.signal);

    await expect(result).rejects.toThrow("shutting down");
  });
});
