import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect } from "vitest";
import type { Scenario } from "./scenario.ts";
import { type Answer, ask } from "./served.ts";

export const ORIGIN = "https://rollwatch.example.com";

/** A receiver of a webhook, and what it was sent. */
export async function withInbox(
  body: (url: string, inbox: readonly string[]) => Promise<void>,
): Promise<void> {
  const inbox: string[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      text += chunk;
    });
    request.on("end", () => {
      inbox.push(text);
      response.end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    await body(`http://127.0.0.1:${portOf(server.address())}/`, inbox);
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

/** The token of the link that one person was sent. */
export async function linkOf(name: string, inbox: readonly string[]): Promise<string> {
  const pattern = new RegExp(`Decide here, ${name}: ${ORIGIN}/decide\\?t=([\\w.-]+)`, "u");
  let token = "";
  await expect
    .poll(
      () => {
        token = inbox.map((text) => pattern.exec(text)?.[1] ?? "").join("");
        return token;
      },
      { timeout: 10_000 },
    )
    .not.toBe("");
  return token;
}

/** Opens its page. */
export async function opens(story: Scenario, token: string): Promise<Answer> {
  const socketPath = join(story.config.state, "rollwatch.sock");
  return ask({ socketPath, path: `/decide?t=${token}` });
}

/** Sends the form of a page. */
export async function sends(
  story: Scenario,
  form: Readonly<Record<string, string>>,
  origin = ORIGIN,
): Promise<Answer> {
  const socketPath = join(story.config.state, "rollwatch.sock");
  const headers = { "content-type": "application/x-www-form-urlencoded", origin };
  const body = new URLSearchParams(form).toString();
  return ask({ socketPath, path: "/decide", method: "POST", headers }, body);
}

/** Opens the page, and sends its form with an answer. */
export async function decides(story: Scenario, token: string, answer = "approve"): Promise<Answer> {
  const page = await opens(story, token);
  const nonce = /name="nonce" value="([^"]+)"/u.exec(page.body)?.[1] ?? "";
  return sends(story, { t: token, nonce, answer });
}
