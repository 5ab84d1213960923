import { createHmac } from "node:crypto";
import { join } from "node:path";
import { expect, it } from "vitest";
import { z } from "zod";
import { PATHS } from "../../src/api/contract.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { type Answer, ask } from "../support/served.ts";
import {
  SLACK_BOT_TOKEN,
  SLACK_CONVERSATION,
  startSlackApi,
} from "../support/services/slack-api.ts";
import { tokenOf } from "../support/somebody.ts";
import type { Policy } from "../support/story-config.ts";

const ORIGIN = "https://rollwatch.example.com";
const READER = "reader-0123456789abcdef";
const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };
const FORM = "application/x-www-form-urlencoded";

interface Wire {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A plan waits for two people, who may answer with links, with buttons and with tokens. */
async function withWaitingPlan(body: (story: Scenario) => Promise<void>): Promise<void> {
  const slack = await startSlackApi();
  const bot = {
    kind: "slack-bot",
    token: SLACK_BOT_TOKEN,
    channel: SLACK_CONVERSATION,
    signingSecret: "0123456789abcdef0123456789abcdef",
    url: slack.url,
    timeout: "60s",
  } as const;
  await withScenario(
    TWO,
    async (story) => {
      await story.beginsProven("good-1");
      await story.install("good-2", "works");
      await story.passes("10s");
      await story.as("Pat").reports("data-corruption");
      await story.passesUntil((fact) => fact.kind === "approval-asked");
      await body(story);
    },
    {
      publicUrl: ORIGIN,
      linksTo: { Dana: "danas" },
      slackUsers: { Ada: "U0ADA" },
      notify: {
        channels: { log: { kind: "log" }, danas: { kind: "log" }, team: bot },
        routes: { page: ["log", "danas", "team"], tell: ["log"] },
      },
      people: { contacts: [{ name: "Rita Reader", access: ["read"], token: READER }] },
    },
  );
}

/** Every request that the daemon itself says it understands, with what this story could be asked about. */
async function everyRequest(story: Scenario): Promise<readonly Wire[]> {
  const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const socketPath = join(story.config.state, "rollwatch.sock");
  const { body } = await ask({ socketPath, path: PATHS.openapi });
  const { paths } = Document.parse(JSON.parse(body));
  const { plan } = story.asked();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => ({
      method: method.toUpperCase(),
      path: path
        .replace("/incidents/{id}", `/incidents/${plan.incident}`)
        .replace("/plans/{id}", `/plans/${plan.id}`)
        .replace("{id}", plan.target ?? "none")
        .replaceAll(/\{\w+\}/gu, plan.target ?? "none"),
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ reason: "mine", scope: "application", trigger: "user-interface" }),
    })),
  );
}

/** What else answers: the page behind the links, and what Slack calls. */
function everyForgery(story: Scenario): readonly Wire[] {
  const { plan, approval } = story.asked();
  const says = { plan: plan.id, hash: approval.hash, by: "Dana", until: approval.expiresAt };
  const forged = Buffer.from(JSON.stringify(says)).toString("base64url");
  const signed = createHmac("sha256", "guessed").update(forged).digest("base64url");
  const tokens = ["", "x", forged, `${forged}.`, `${forged}.${signed}`];
  const value = JSON.stringify({ plan: plan.id, hash: approval.hash });
  const payload = {
    type: "block_actions",
    user: { id: "U0ADA" },
    actions: [{ action_id: "rollwatch-approve", value }],
  };
  const pressed = new URLSearchParams({ payload: JSON.stringify(payload) }).toString();
  const at = String(Math.floor(story.clock.now() / 1000));
  const press = { method: "POST", path: "/slack/interactions", body: pressed };
  return [
    ...tokens.map((token) => ({ method: "GET", path: `/decide?t=${token}` })),
    ...tokens.map((token) => ({
      method: "POST",
      path: "/decide",
      headers: { "content-type": FORM, origin: ORIGIN },
      body: new URLSearchParams({ t: token, nonce: "x", answer: "approve" }).toString(),
    })),
    ...["", "v0=", signedLikeSlack("guessed", at, pressed), signedLikeSlack("", at, pressed)].map(
      (signature) => ({
        ...press,
        headers: {
          "content-type": FORM,
          "x-slack-request-timestamp": at,
          "x-slack-signature": signature,
        },
      }),
    ),
  ];
}

function signedLikeSlack(secret: string, at: string, body: string): string {
  return `v0=${createHmac("sha256", secret).update(`v0:${at}:${body}`).digest("hex")}`;
}

async function send(story: Scenario, wire: Wire, more: Wire["headers"] = {}): Promise<Answer> {
  const { method, path, headers = {}, body = "" } = wire;
  const { port } = new URL(story.url());
  const hasBody = method === "POST";
  const how = { host: "127.0.0.1", port, method, path };
  return ask({ ...how, headers: hasBody ? { ...headers, ...more } : more }, hasBody ? body : "");
}

/** Words that nobody outside may read: names, ids, folders, secrets. */
function innerWords(story: Scenario): readonly string[] {
  const { plan } = story.asked();
  const { application, state } = story.config;
  return [
    application.root,
    state,
    // The path of every route begins with the name of the first one.
    ...application.services.map((one) => one.name).filter((name) => name !== "api"),
    plan.id,
    plan.incident,
    plan.target ?? "none",
    "Dana",
    "Ada",
    "Rita",
    tokenOf("Dana"),
    READER,
  ];
}

/** What rollwatch writes by itself meanwhile. */
const OWN: ReadonlySet<string> = new Set(["answer-refused", "notice-delivered", "notice-failed"]);

/** What was done by whatever came, beside noting that it was refused. */
function doneSince(story: Scenario, known: number): readonly string[] {
  return story
    .facts()
    .slice(known)
    .map(({ kind }) => kind)
    .filter((kind) => !OWN.has(kind));
}

const OPEN = new Set<string>([PATHS.health, PATHS.ready, PATHS.metrics]);

it("an outsider at the port reads nothing of a waiting plan and changes nothing", async () => {
  await withWaitingPlan(async (story) => {
    const wires = [...(await everyRequest(story)), ...everyForgery(story)];
    const known = story.facts().length;
    const heard: string[] = [];

    for (const wire of wires) {
      const { status, body } = await send(story, wire);
      if (!OPEN.has(wire.path)) {
        const words = innerWords(story).filter((word) => body.includes(word));
        heard.push(`${wire.method} ${wire.path}: ${status >= 400} ${words.join(" ")}`);
      }
    }

    expect(heard).toHaveLength(wires.length - OPEN.size);
    expect(heard.filter((line) => !line.endsWith(": true "))).toEqual([]);
    expect(doneSince(story, known)).toEqual([]);
    expect(story.asked().approval.given).toEqual([]);
  });
});

it("whoever has a token that reads changes nothing", async () => {
  await withWaitingPlan(async (story) => {
    const wires = await everyRequest(story);
    const known = story.facts().length;
    const read: string[] = [];

    for (const wire of wires) {
      const { status } = await send(story, wire, { authorization: `Bearer ${READER}` });
      if (status < 400) {
        read.push(wire.method);
      }
    }

    expect(new Set(read)).toEqual(new Set(["GET"]));
    expect(read.length).toBeGreaterThan(OPEN.size + 5);
    expect(doneSince(story, known)).toEqual([]);
    expect(story.asked().approval.given).toEqual([]);
  });
});
