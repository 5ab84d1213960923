import { mkdtemp, rm } from "node:fs/promises";
import type { RequestOptions } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { BY_HEADER, PATHS } from "../../src/api/contract.ts";
import { type Api, openApi } from "../../src/api/server.ts";
import { ContactSettings } from "../../src/model/people.ts";
import { anAlertmanagerMessage } from "../support/alertmanager-message.ts";
import { fakeActions } from "../support/fakes/actions.ts";
import { fakeOperations } from "../support/fakes/operations.ts";
import { type Answer, ask, aTeam, servedPorts, TOKENS } from "../support/served.ts";

/** Who may: everybody on this host (`open`), the service with its own token (`service`), or whose token allows it. */
type Need = "open" | "service" | "read" | "acknowledge" | "approve" | "administer" | "signal";

const WHY = { reason: "because" };

/** Every route of the interface, what it needs, and a body that it reads. A route that is missing here fails the first test. */
const ROUTES: readonly (readonly [
  method: string,
  path: string,
  need: Need,
  body?: Readonly<Record<string, unknown>>,
])[] = [
  ["GET", "/healthz", "open"],
  ["GET", "/readyz", "open"],
  ["GET", "/metrics", "open"],
  ["GET", "/api/v1/openapi.json", "read"],
  ["GET", "/api/v1/status", "read"],
  ["GET", "/api/v1/signals", "read"],
  ["GET", "/api/v1/releases", "read"],
  ["GET", "/api/v1/releases/rel-1", "read"],
  ["GET", "/api/v1/releases/rel-1/diff/rel-2", "read"],
  ["GET", "/api/v1/record", "read"],
  ["GET", "/api/v1/incidents", "read"],
  ["GET", "/api/v1/incidents/inc-1", "read"],
  ["GET", "/api/v1/plans/plan-1", "read"],
  ["GET", "/api/v1/database/asides", "read"],
  ["POST", "/api/v1/reports", "acknowledge", { trigger: "user-interface", ...WHY }],
  ["POST", "/api/v1/incidents/inc-1/ack", "acknowledge"],
  ["POST", "/api/v1/incidents/inc-1/note", "acknowledge", { text: "seen" }],
  ["POST", "/api/v1/incidents/inc-1/done", "acknowledge", { task: "document" }],
  ["POST", "/api/v1/incidents/inc-1/label", "acknowledge", { label: "right" }],
  ["POST", "/api/v1/plans/plan-1/approve", "approve"],
  ["POST", "/api/v1/plans/plan-1/reject", "approve", WHY],
  ["POST", "/api/v1/incidents/inc-1/close", "administer", WHY],
  ["POST", "/api/v1/check", "administer"],
  ["POST", "/api/v1/pause", "administer", { ...WHY, forMs: null }],
  ["POST", "/api/v1/resume", "administer"],
  ["POST", "/api/v1/maintenance", "administer", { ...WHY, forMs: 60_000 }],
  ["DELETE", "/api/v1/maintenance", "administer"],
  ["POST", "/api/v1/maintenance/end", "administer"],
  ["POST", "/api/v1/rollbacks", "administer", { scope: "application", ...WHY }],
  ["POST", "/api/v1/rollbacks/preview", "administer"],
  ["POST", "/api/v1/releases", "administer"],
  ["POST", "/api/v1/releases/verify", "administer"],
  ["POST", "/api/v1/releases/prune", "administer"],
  ["POST", "/api/v1/releases/rel-1/warm", "administer"],
  ["POST", "/api/v1/releases/rel-1/mark", "administer", { securityFloor: true, ...WHY }],
  ["POST", "/api/v1/releases/rel-1/unmark", "administer"],
  ["POST", "/api/v1/database/asides/16500/drop", "administer", WHY],
  ["POST", "/api/v1/webhooks/alertmanager", "signal", anAlertmanagerMessage([{ name: "Slow" }])],
  ["POST", "/api/v1/webhooks/generic", "signal", { signal: "scan", state: "bad", ...WHY }],
  ["POST", "/api/v1/heartbeats/csv", "service"],
];

const PROGRAM = "program-0123456789abcdef";
const SERVICE = "service-0123456789abcdef";
/** Whose token it is, and what it allows. */
const HOLDERS: readonly (readonly [who: string, token: string, may: readonly Need[]])[] = [
  ["one who may read", TOKENS.rita, ["read"]],
  ["one who may acknowledge", TOKENS.linus, ["read", "acknowledge"]],
  ["one who may approve", TOKENS.ada, ["read", "approve"]],
  ["one who may administer", TOKENS.grace, ["read", "administer"]],
  ["a program", PROGRAM, ["signal"]],
  ["a service", SERVICE, ["service"]],
];

let folder = "";
let api: Api | undefined;
let asked: string[] = [];
let now = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwG-"));
  const program = ContactSettings.parse({ name: "Alerts", access: ["signal"], token: PROGRAM });
  const ports = servedPorts({
    operations: noting("operations", fakeOperations()),
    actions: noting("actions", fakeActions().actions),
    incoming: {
      heartbeats: [{ signal: "csv", token: SERVICE }],
      ...noting("incoming", {
        checkIn: async () => undefined,
        hearAlerts: async () => undefined,
        hearReport: async () => undefined,
      }),
    },
    people: { contacts: [...aTeam(), program] },
    // Every wrong token is the first one within its minute.
    clock: { monotonic: () => (now += 61_000) },
  });
  api = await openApi(ports, {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
  });
});

beforeEach(() => {
  asked = [];
});

afterAll(async () => {
  await api?.close();
  await rm(folder, { recursive: true });
});

/** The same, which also writes down what of it was called. */
function noting<Ports extends object>(name: string, ports: Ports): Ports {
  const noted = Object.entries(ports).map(([key, own]) => [
    key,
    async (...given: readonly unknown[]) => {
      asked.push(`${name}.${key}`);
      return typeof own === "function" ? Reflect.apply(own, ports, given) : own;
    },
  ]);
  return Object.assign({ ...ports }, Object.fromEntries(noted));
}

type Headers = Readonly<Record<string, string>>;

async function send(
  [method, path, , body = {}]: (typeof ROUTES)[number],
  headers: Headers,
  place: RequestOptions = { host: "127.0.0.1", port: new URL(api?.url ?? "").port },
): Promise<Answer> {
  const type: Headers = method === "POST" ? { "content-type": "application/json" } : {};
  const text = method === "POST" ? JSON.stringify(body) : "";
  return ask({ ...place, method, path, headers: { ...type, ...headers } }, text);
}

function bearer(token: string): Headers {
  return { authorization: `Bearer ${token}` };
}

/** The token of somebody who may use the route. */
function tokenFor(need: Need): string {
  return HOLDERS.find(([, , may]) => may.includes(need))?.[1] ?? TOKENS.rita;
}

const closed = ROUTES.filter(([, , need]) => need !== "open");
const acting = closed.filter(([, , need]) => need !== "read");
const name = "%s %s, which needs %s";

it("every route of the interface is in this table, once", async () => {
  const Document = z.object({ paths: z.record(z.string(), z.record(z.string(), z.unknown())) });
  const here = ROUTES.map(([method, path]) => `${method} ${shapeOf(path)}`);

  const answer = await ask({
    socketPath: join(folder, "rollwatch.sock"),
    path: PATHS.openapi,
  });
  const { paths } = Document.parse(JSON.parse(answer.body));

  const there = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(here.toSorted()).toEqual(there.toSorted());
});

/** The path of a route that this one is an example of, as OpenAPI writes it. */
function shapeOf(path: string): string {
  const shapes: readonly string[] = Object.values(PATHS).filter((shape) =>
    new RegExp(`^${shape.replaceAll(/:\w+/gu, "[^/]+")}$`, "u").test(path),
  );
  const exact = shapes.includes(path) ? path : shapes[0];
  return (exact ?? "none").replaceAll(/:(\w+)/gu, "{$1}");
}

describe.each(HOLDERS)("the token of %s", (_who, token, may) => {
  it.each(ROUTES.map((route) => [...route]))(
    `${name}: only as far as it allows`,
    async (...row) => {
      const [, , need] = row;
      const isAllowed = need === "open" || may.includes(need);

      const answer = await send(row, bearer(token));

      const isNobodys = need === "service" || token === SERVICE;
      expect(answer.status < 300 ? "done" : answer.status).toBe(
        isAllowed ? "done" : isNobodys ? 401 : 403,
      );
      expect(isAllowed || asked.length === 0).toBe(true);
    },
  );
});

describe("without a token", () => {
  it.each([
    ["nothing", {}],
    ["the operator's header of the socket", { [BY_HEADER]: "Ada" }],
    ["a wrong token", bearer("nobody-0123456789abcdef")],
    ["a right token without its last character", bearer(TOKENS.grace.slice(0, -1))],
    ["a right token in capitals", bearer(TOKENS.grace.toUpperCase())],
    ["a right token by another scheme", { authorization: `Basic ${TOKENS.grace}` }],
    ["a right token as a cookie", { cookie: `authorization=Bearer ${TOKENS.grace}` }],
    ["a right token for a proxy", { "proxy-authorization": `Bearer ${TOKENS.grace}` }],
    ["the claim to come from here", { forwarded: "for=127.0.0.1", "x-forwarded-for": "::1" }],
    ["another method in a header", { "x-http-method-override": "GET" }],
    ["another path in a header", { "x-original-url": "/healthz", "x-rewrite-url": "/healthz" }],
  ])("%s opens no route", async (_what, headers) => {
    const answers: unknown[] = [];

    for (const route of closed) {
      answers.push([route[1], (await send(route, headers)).status]);
    }

    expect(answers).toEqual(closed.map(([, path]) => [path, 401]));
    expect(asked).toEqual([]);
  });

  it.each(["token", "access_token", "authorization"])(
    "a right one in the address opens no route: ?%s=",
    async (key) => {
      for (const [method, path, ...more] of closed) {
        const answer = await send([method, `${path}?${key}=${TOKENS.grace}`, ...more], {});

        expect([path, answer.status]).toEqual([path, 401]);
      }
      expect(asked).toEqual([]);
    },
  );

  it("health, readiness and metrics are all that is told", async () => {
    const open = ROUTES.filter(([, , need]) => need === "open");

    const answers = await Promise.all(open.map(async (route) => send(route, {})));

    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [200, '{"status":"alive"}'],
      [200, '{"status":"ready"}'],
      [200, "up 1\n"],
    ]);
    expect(asked).toEqual([]);
  });

  it.each(closed.filter(([method]) => method === "GET").map((route) => [...route]))(
    `HEAD tells no more than ${name}`,
    async (_method, ...route) => {
      const without = await send(["HEAD", ...route], {});
      const withOne = await send(["HEAD", ...route], bearer(TOKENS.rita));

      expect([without.status, withOne.status]).toEqual([401, 200]);
    },
  );
});

describe("another site's page with a right token", () => {
  it.each(closed.map((route) => [...route]))(`does not reach ${name}`, async (...row) => {
    const right = bearer(tokenFor(row[2]));

    const statuses = [
      (await send(row, { ...right, origin: "http://evil.example" })).status,
      (await send(row, { ...right, origin: "null" })).status,
      (await send(row, { ...right, origin: "https://127.0.0.1" })).status,
      (await send(row, { ...right, host: "evil.example" })).status,
      (await send(row, { ...right, host: "127.0.0.1.evil.example:80" })).status,
      (await send(row, { ...right, host: "127.0.0.1@evil.example" })).status,
    ];

    expect(statuses).toEqual([403, 403, 403, 421, 421, 421]);
    expect(asked).toEqual([]);
  });

  it.each(ROUTES.filter(([, , need]) => need === "open").map((route) => [...route]))(
    `is told nothing under a rebound name: ${name}`,
    async (...row) => {
      expect((await send(row, { host: "evil.example" })).status).toBe(421);
    },
  );

  // A heartbeat's body is not read, whatever its type; a page's check-in has an Origin.
  const posts = acting.filter(([method, , need]) => method === "POST" && need !== "service");

  it.each(posts.map((route) => [...route]))(`sends no form to ${name}`, async (...row) => {
    const right = bearer(tokenFor(row[2]));
    const types = ["text/plain", "multipart/form-data; boundary=x", "text/json", ""];
    const statuses: number[] = [];

    for (const type of types) {
      statuses.push((await send(row, { ...right, "content-type": type })).status);
    }

    expect(statuses).toEqual([415, 415, 415, 415]);
    expect(asked).toEqual([]);
  });
});

describe("over the socket", () => {
  it.each(ROUTES.map((route) => [...route]))(
    `its user needs a token for approvals alone: ${name}`,
    async (...row) => {
      const [, , need] = row;

      const answer = await send(row, {}, { socketPath: join(folder, "rollwatch.sock") });

      const isAllowed = need !== "approve" && need !== "service";
      expect(answer.status < 300 ? "done" : answer.status).toBe(isAllowed ? "done" : 401);
      expect(isAllowed || asked.length === 0).toBe(true);
    },
  );
});
