import { randomBytes } from "node:crypto";
import http from "node:http";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Lab } from "./lab.ts";

const Delivered = z.object({
  id: z.string(),
  reason: z.string(),
  title: z.string(),
  text: z.string(),
  urgency: z.string(),
});
/** A notice as somebody's webhook got it. */
export type Delivered = z.infer<typeof Delivered>;

/** The place that the shipped configuration's webhook posts to. */
export interface WebhookReceiver {
  readonly url: string;
  readonly secret: string;
  /** Notices that arrived, each once, oldest first. */
  received(): readonly Delivered[];
}

/** Takes notices on a port of the lab. */
export async function startWebhookReceiver(lab: Lab): Promise<WebhookReceiver> {
  const received = new Map<string, Delivered>();
  const server = http.createServer((request, response) => {
    void accept(request, received).then((status) => response.writeHead(status).end());
  });
  const port = await lab.port();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  lab.onEnd("webhook receiver", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return {
    url: `http://127.0.0.1:${port}/notices`,
    secret: randomBytes(24).toString("hex"),
    received: () => [...received.values()],
  };
}

async function accept(
  request: http.IncomingMessage,
  received: Map<string, Delivered>,
): Promise<number> {
  try {
    const notice = Delivered.parse(JSON.parse(await text(request)));
    received.set(notice.id, notice);
    return 204;
  } catch {
    return 400;
  }
}
