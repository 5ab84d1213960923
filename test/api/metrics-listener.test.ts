import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PATHS } from "../../src/api/contract.ts";
import type { ApiPorts } from "../../src/api/routes.ts";
import { type Api, openApi } from "../../src/api/server.ts";
import { fakeOperations } from "../support/fakes/operations.ts";
import { type Answer, ask, aTeam, servedPorts, TOKENS } from "../support/served.ts";

const TOKEN = "scraper-0123456789abcdef";
const ANYWHERE = { host: "127.0.0.1", port: 0 };

let folder: string;
let api: Api | undefined;

beforeEach(async () => {
  folder = await mkdtemp("/tmp/rwA-");
});

afterEach(async () => {
  await api?.close();
  api = undefined;
  await rm(folder, { recursive: true });
});

async function open(
  metrics?: { readonly listen: typeof ANYWHERE; readonly token?: string },
  more: Partial<ApiPorts> = {},
): Promise<Api> {
  const ports = servedPorts({ people: { contacts: [...aTeam()] }, ...more });
  const socketPath = join(folder, "rollwatch.sock");
  api = await openApi(ports, {
    listen: ANYWHERE,
    socketPath,
    ...(metrics === undefined ? {} : { metrics }),
  });
  return api;
}

async function get(url: string | undefined, token?: string): Promise<Answer> {
  const { hostname, port, pathname } = new URL(url ?? "");
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return ask({ host: hostname, port, path: pathname, headers });
}

describe("the listener for the metrics alone", () => {
  it("shows them to whoever has its token, and to nobody else, a person's token included", async () => {
    const { metricsUrl } = await open({ listen: ANYWHERE, token: TOKEN });

    const right = await get(`${metricsUrl}${PATHS.metrics}`, TOKEN);
    const none = await get(`${metricsUrl}${PATHS.metrics}`);
    const persons = await get(`${metricsUrl}${PATHS.metrics}`, TOKENS.grace);

    expect(right).toMatchObject({ status: 200, type: expect.stringContaining("text/plain") });
    expect(none).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
    expect(none.body).toContain("server.metrics.token");
    expect(persons.status).toBe(401);
  });

  it("lets nobody guess on, and still hears the right token", async () => {
    const { metricsUrl } = await open({ listen: ANYWHERE, token: TOKEN });
    for (let guess = 0; guess < 10; guess += 1) {
      await get(`${metricsUrl}${PATHS.metrics}`, `${TOKEN}${guess}`);
    }

    const more = await get(`${metricsUrl}${PATHS.metrics}`, `${TOKEN}x`);
    const right = await get(`${metricsUrl}${PATHS.metrics}`, TOKEN);

    expect(more).toMatchObject({ status: 429, headers: { "retry-after": expect.any(String) } });
    expect(right.status).toBe(200);
  });

  it("has nothing but the metrics, whoever asks", async () => {
    const { metricsUrl } = await open({ listen: ANYWHERE });
    const others = Object.values(PATHS).filter((path) => path !== PATHS.metrics);

    const answers = await Promise.all(
      others.map(async (path) =>
        get(`${metricsUrl}${path.replaceAll(/:\w+/gu, "x")}`, TOKENS.grace),
      ),
    );

    expect((await get(`${metricsUrl}${PATHS.metrics}`)).status).toBe(200);
    expect(others.length).toBeGreaterThan(20);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
  });

  it("is not there unless it is configured", async () => {
    const { metricsUrl, url } = await open();

    expect(metricsUrl).toBeUndefined();
    expect((await get(`${url}${PATHS.metrics}`)).status).toBe(200);
  });

  it("whose address is taken keeps rollwatch from starting, and names its key", async () => {
    const first = await open({ listen: ANYWHERE });
    const port = Number(new URL(first.metricsUrl ?? "").port);

    const second = openApi(servedPorts(), {
      listen: ANYWHERE,
      socketPath: join(folder, "second.sock"),
      metrics: { listen: { host: "127.0.0.1", port } },
    });

    await expect(second).rejects.toMatchObject({
      hint: expect.stringContaining("server.metrics.listen"),
    });
  });
});

describe("a request that rollwatch fails", () => {
  it("is told to those who run it with its cause, and to the client without a word of it", async () => {
    const failures: unknown[] = [];
    const cause = new Error("the pool of /srv/secret is gone");
    const operations = fakeOperations({ status: async () => Promise.reject(cause) });
    const { url } = await open(undefined, {
      operations,
      onFailure: (error, request) => failures.push([error, request]),
    });

    const answer = await get(`${url}${PATHS.status}`, TOKENS.rita);

    expect(answer.status).toBe(500);
    expect(answer.body).not.toContain("secret");
    expect(failures).toEqual([[cause, { method: "GET", route: PATHS.status, status: 500 }]]);
  });

  it("by its own fault is nobody's alarm", async () => {
    const failures: unknown[] = [];
    const { url } = await open(undefined, { onFailure: (error) => failures.push(error) });

    await get(`${url}${PATHS.status}`);
    await get(`${url}/nowhere`, TOKENS.rita);

    expect(failures).toEqual([]);
  });
});
