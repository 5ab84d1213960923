import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Api, openApi } from "../../src/api/server.ts";
import { type Answer, ask, servedPorts } from "../support/served.ts";

const TOKEN = "0123456789abcdef-csv";

let folder = "";
let api: Api;
let heard: string[] = [];
let now = 0;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwB-"));
  heard = [];
  now = 0;
  const incoming = {
    heartbeats: [{ signal: "retention" }, { signal: "csv", token: TOKEN }],
    checkIn: async (signal: string) => {
      heard.push(signal);
    },
    hearAlerts: async () => undefined,
    hearReport: async () => undefined,
  };
  api = await openApi(servedPorts({ incoming, clock: { monotonic: () => now } }), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
  });
});

afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

async function beat(
  signal: string,
  { method = "POST", headers, body }: Sent = {},
): Promise<Answer> {
  const { port } = new URL(api.url);
  const path = `/api/v1/heartbeats/${signal}`;
  return ask({ host: "127.0.0.1", port, path, method, headers: { ...headers } }, body);
}

function showing(token: string): Sent {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe("a check-in", () => {
  it("is heard without a token where none is configured", async () => {
    const answer = await beat("retention");

    expect(answer).toMatchObject({ status: 204, body: "" });
    expect(heard).toEqual(["retention"]);
  });

  it("is heard over the socket", async () => {
    const path = "/api/v1/heartbeats/retention";
    const socketPath = join(folder, "rollwatch.sock");

    const answer = await ask({ socketPath, path, method: "POST" });

    expect(answer.status).toBe(204);
    expect(heard).toEqual(["retention"]);
  });

  it.each([
    ["plain text", { "content-type": "text/plain" }, "done 5 files"],
    ["a form", { "content-type": "application/x-www-form-urlencoded" }, "a=b"],
    ["broken JSON", { "content-type": "application/json" }, "{"],
    ["no type at all", {}, "x"],
    ["more than anything may send", { "content-type": "application/json" }, "x".repeat(200_000)],
  ])("may bring %s, which is not looked at", async (_what, headers, body) => {
    expect((await beat("retention", { headers, body })).status).toBe(204);
  });

  it("needs the token where one is configured", async () => {
    expect((await beat("csv", showing(TOKEN))).status).toBe(204);
    expect(heard).toEqual(["csv"]);
  });

  it.each([
    ["no token", {}],
    ["another token", showing(`${TOKEN}x`)],
    ["no bearer", { headers: { authorization: `Basic ${TOKEN}` } }],
  ])("is not heard with %s", async (_what, sent) => {
    const answer = await beat("csv", sent);

    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe("Bearer");
    expect(answer.body).not.toContain(TOKEN);
    expect(heard).toEqual([]);
  });

  it("is still heard with the right token after many wrong ones", async () => {
    const statuses: number[] = [];
    for (let turn = 0; turn < 11; turn += 1) {
      statuses.push((await beat("csv", showing("wrong"))).status);
    }

    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    expect((await beat("csv", showing(TOKEN))).status).toBe(204);
  });

  it("is told when it comes too often, and heard all the same", async () => {
    let last: Answer | undefined;
    for (let turn = 0; turn < 61; turn += 1) {
      last = await beat("retention");
    }

    expect(last).toMatchObject({ status: 429, headers: { "retry-after": "60" } });
    expect(heard).toHaveLength(61);
    now = 60_000;
    expect((await beat("retention")).status).toBe(204);
  });

  it("is refused for a signal that is no heartbeat", async () => {
    const answer = await beat("api-health");

    expect(answer.status).toBe(404);
    expect(answer.body).toContain("no signal of this name has a probe of the kind heartbeat");
  });

  it.each(["GET", "HEAD", "PUT", "DELETE"])("is nothing that %s could say", async (method) => {
    expect((await beat("retention", { method })).status).toBe(405);
    expect(heard).toEqual([]);
  });

  it("is not taken from another site's page", async () => {
    const answer = await beat("retention", { headers: { origin: "http://elsewhere.example" } });

    expect(answer.status).toBe(403);
    expect(heard).toEqual([]);
  });
});
