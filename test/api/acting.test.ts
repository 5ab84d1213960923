import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { RequestOptions } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { BY_HEADER, PATHS, ProblemDetails } from "../../src/api/contract.ts";
import type { ApiPorts } from "../../src/api/routes.ts";
import { type Api, openApi } from "../../src/api/server.ts";
import type { Actions } from "../../src/model/actions.ts";
import { Failure } from "../../src/model/failure.ts";
import { aPlanReport, fakeActions } from "../support/fakes/actions.ts";
import { aCheckRound, aPreview } from "../support/fakes/operations.ts";
import { type Answer, ask, servedPorts, TOKENS } from "../support/served.ts";

const OPERATOR = {
  name: "operator",
  roles: [],
  access: ["read", "acknowledge", "administer", "signal"],
};
const GRACE = { name: "Grace", roles: ["devops-engineer"], access: ["administer"] };
const PAUSE = { reason: "a holiday", forMs: null };

let folder = "";
let api: Api | undefined;
let calls: (readonly unknown[])[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwH-"));
});

afterEach(async () => {
  await api?.close();
  api = undefined;
  await rm(folder, { recursive: true });
});

async function open(actions: Partial<Actions> = {}, more: Partial<ApiPorts> = {}): Promise<void> {
  const fake = fakeActions(actions);
  calls = fake.calls;
  api = await openApi(servedPorts({ actions: fake.actions, ...more }), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
  });
}

interface Sent {
  readonly method?: string;
  readonly token?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

function optionsOf(path: string, { method = "POST", token, headers }: Sent): RequestOptions {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const all = { "content-type": "application/json", ...bearer, ...headers };
  return { path, method, headers: all };
}

function textOf({ method, body = {} }: Sent): string {
  if (method === "GET") {
    return "";
  }
  return typeof body === "string" ? body : JSON.stringify(body);
}

async function overTcp(path: string, sent: Sent = {}): Promise<Answer> {
  const { port } = new URL(api?.url ?? "");
  return ask({ host: "127.0.0.1", port, ...optionsOf(path, sent) }, textOf(sent));
}

async function overSocket(path: string, sent: Sent = {}): Promise<Answer> {
  return ask(
    { socketPath: join(folder, "rollwatch.sock"), ...optionsOf(path, sent) },
    textOf(sent),
  );
}

function problemOf(answer: Answer): ProblemDetails {
  expect(answer.type).toContain("application/problem+json");
  return ProblemDetails.parse(JSON.parse(answer.body));
}

describe("over the socket", () => {
  const pauseOfEve = { by: "Eve", reason: "load test", at: 0, until: null };
  const report = { trigger: "user-interface", reason: "the map is blank" };
  const maintenance = { reason: "new disks", forMs: 3_600_000 };
  const rollback = { scope: "application", reason: "it is slow" };

  it.each([
    ["POST", "/api/v1/pause", PAUSE, ["pause", PAUSE, OPERATOR], undefined],
    ["POST", "/api/v1/resume", "", ["resume", OPERATOR], { ended: [pauseOfEve] }],
    [
      "POST",
      "/api/v1/maintenance",
      maintenance,
      ["startMaintenance", maintenance, OPERATOR],
      undefined,
    ],
    ["POST", "/api/v1/maintenance/end", "", ["endMaintenance", OPERATOR], undefined],
    ["DELETE", "/api/v1/maintenance", "", ["endMaintenance", OPERATOR], undefined],
    ["POST", "/api/v1/reports", report, ["report", report, OPERATOR], { incident: "inc-7" }],
    [
      "POST",
      "/api/v1/rollbacks",
      rollback,
      ["rollback", rollback, OPERATOR],
      { plan: "plan-1", incident: "inc-1" },
    ],
    ["POST", "/api/v1/releases", {}, ["capture", OPERATOR], { release: "rel-9" }],
    [
      "POST",
      "/api/v1/releases/rel-1/warm",
      {},
      ["warmRelease", "rel-1", OPERATOR],
      { kind: "ready", name: "rollwatch_snap_1", at: 1_800_000_000_000, how: "clone", seconds: 2 },
    ],
    ["POST", "/api/v1/releases/prune", {}, ["prune", {}, OPERATOR], { pruned: ["rel-0"] }],
    [
      "POST",
      "/api/v1/releases/rel-1/mark",
      { securityFloor: true, reason: "CVE-2026-1" },
      ["markRelease", "rel-1", { securityFloor: true, reason: "CVE-2026-1" }, OPERATOR],
      undefined,
    ],
    ["POST", "/api/v1/releases/rel-1/unmark", {}, ["unmarkRelease", "rel-1", OPERATOR], undefined],
    [
      "POST",
      "/api/v1/database/asides/16500/drop",
      { reason: "over" },
      ["dropAside", "16500", { reason: "over" }, OPERATOR],
      undefined,
    ],
    ["POST", "/api/v1/incidents/inc-1/ack", {}, ["acknowledge", "inc-1", OPERATOR], undefined],
    [
      "POST",
      "/api/v1/incidents/inc-1/note",
      { text: "  seen  " },
      ["note", "inc-1", { text: "seen" }, OPERATOR],
      undefined,
    ],
    [
      "POST",
      "/api/v1/incidents/inc-1/done",
      { task: "find-cause" },
      ["finishTask", "inc-1", { task: "find-cause" }, OPERATOR],
      undefined,
    ],
    [
      "POST",
      "/api/v1/incidents/inc-1/label",
      { label: "right" },
      ["label", "inc-1", { label: "right" }, OPERATOR],
      undefined,
    ],
    [
      "POST",
      "/api/v1/incidents/inc-1/close",
      { reason: "done" },
      ["close", "inc-1", { reason: "done" }, OPERATOR],
      undefined,
    ],
  ] as const)("the operator of this host may %s %s", async (method, path, ...more) => {
    const [body, call, answered] = more;
    await open();

    const answer = await overSocket(path, { method, body });

    expect(calls).toEqual([call]);
    expect(answer.status).toBe(answered === undefined ? 204 : 200);
    expect(answer.body === "" ? undefined : JSON.parse(answer.body)).toEqual(answered);
  });

  it("captures are compared, one or all", async () => {
    await open();

    await overSocket(PATHS.verify, { body: {} });
    await overSocket(PATHS.verify, { body: { release: "rel-1" } });

    expect(calls).toEqual([
      ["verifyReleases", {}],
      ["verifyReleases", { release: "rel-1" }],
    ]);
  });

  it("a round of probes and the plan of a rollback can be asked for", async () => {
    await open();

    const round = await overSocket(PATHS.check);
    const preview = await overSocket(PATHS.preview, { body: { to: "rel-1" } });

    expect(JSON.parse(round.body)).toEqual(aCheckRound());
    expect(JSON.parse(preview.body)).toEqual(aPreview());
  });

  it.each([
    ["mia", "mia"],
    ["J%C3%BCrgen%20M.", "Jürgen M."],
    // A contact's name is proven by the contact's token only.
    ["grace", "grace (no token)"],
  ])("the operator may give a name: %s", async (header, name) => {
    await open();

    await overSocket(PATHS.resume, { headers: { [BY_HEADER]: header } });

    expect(calls).toEqual([["resume", { ...OPERATOR, name }]]);
  });

  it.each([["<b>x</b>"], ["a%0Ab"], ["%ff"], [""], ["x".repeat(81)]])(
    "%j is no name",
    async (header) => {
      await open();

      const answer = await overSocket(PATHS.resume, { headers: { [BY_HEADER]: header } });

      expect(problemOf(answer).status).toBe(400);
      expect(calls).toEqual([]);
    },
  );

  it("approving needs a person's token, which takes nothing from the operator", async () => {
    await open();

    const without = await overSocket("/api/v1/plans/plan-1/approve");
    const withToken = await overSocket("/api/v1/plans/plan-1/approve", { token: TOKENS.ada });
    const pause = await overSocket(PATHS.pause, { token: TOKENS.ada, body: PAUSE });

    expect(problemOf(without)).toMatchObject({ status: 401, code: "not-permitted" });
    expect(withToken.status).toBe(200);
    expect(pause.status).toBe(204);
    expect(calls.map((call) => call.at(-1))).toMatchObject([
      { name: "Ada", roles: ["system-administrator"] },
      { name: "Ada" },
    ]);
  });
});

describe("over TCP", () => {
  it("a person acts as the token allows", async () => {
    await open();

    const paused = await overTcp(PATHS.pause, { token: TOKENS.grace, body: PAUSE });
    const acknowledged = await overTcp("/api/v1/incidents/inc-1/ack", { token: TOKENS.linus });
    const approved = await overTcp("/api/v1/plans/plan-1/approve", {
      token: TOKENS.ada,
      body: { hash: "ab" },
    });

    expect([paused.status, acknowledged.status, approved.status]).toEqual([204, 204, 200]);
    expect(calls).toEqual([
      ["pause", PAUSE, GRACE],
      ["acknowledge", "inc-1", { name: "Linus", roles: [], access: ["acknowledge"] }],
      [
        "approve",
        "plan-1",
        { hash: "ab" },
        { name: "Ada", roles: ["system-administrator"], access: ["approve"] },
      ],
    ]);
  });

  it.each([
    ["/api/v1/pause", TOKENS.ada, PAUSE],
    ["/api/v1/rollbacks", TOKENS.linus, { scope: "application", reason: "x" }],
    ["/api/v1/incidents/inc-1/close", TOKENS.linus, { reason: "x" }],
    ["/api/v1/plans/plan-1/approve", TOKENS.grace, {}],
    ["/api/v1/plans/plan-1/reject", TOKENS.linus, { reason: "x" }],
    ["/api/v1/incidents/inc-1/ack", TOKENS.grace, {}],
  ])("%s is refused to a token without the access", async (path, token, body) => {
    await open();

    const answer = await overTcp(path, { token, body });

    expect(problemOf(answer)).toMatchObject({ status: 403, code: "not-permitted" });
    expect(problemOf(answer).hint).toContain("access:");
    expect(calls).toEqual([]);
  });

  it.each([
    ["wrong", { token: "ada-0123456789abcdef-3" }],
    ["a beginning of one", { token: TOKENS.ada.slice(0, -1) }],
    ["longer than one", { token: `${TOKENS.ada}x` }],
    ["empty", { headers: { authorization: "Bearer " } }],
    ["of another scheme", { headers: { authorization: `Basic ${TOKENS.grace}` } }],
    ["two at once", { headers: { authorization: `Bearer x ${TOKENS.grace}` } }],
  ])("a token that is %s is nobody's", async (_why, sent) => {
    await open();

    const answer = await overTcp(PATHS.resume, sent);

    expect(problemOf(answer).status).toBe(401);
    expect(calls).toEqual([]);
  });

  it("tokens that begin alike are told apart", async () => {
    await open();
    const body = { reason: "no" };

    const ada = await overTcp("/api/v1/plans/plan-1/reject", { token: TOKENS.ada, body });
    const grace = await overTcp(PATHS.resume, { token: TOKENS.grace });

    expect([ada.status, grace.status]).toEqual([200, 200]);
    expect(calls.map((call) => call.at(-1))).toMatchObject([{ name: "Ada" }, { name: "Grace" }]);
  });

  it("guessing is put off after ten wrong tokens a minute, and keeps nobody with a right one out", async () => {
    let now = 0;
    await open({}, { clock: { monotonic: () => now } });
    const wrong: number[] = [];
    for (let tries = 0; tries < 11; tries += 1) {
      now += 1000;
      wrong.push((await overTcp(PATHS.resume, { token: `guess-${tries}` })).status);
    }

    const right = await overTcp(PATHS.resume, { token: TOKENS.grace });
    const socket = await overSocket(PATHS.resume, { token: TOKENS.grace });
    const again = await overTcp(PATHS.resume, { token: "guess-12" });
    now = 61_001;
    const later = await overTcp(PATHS.resume, { token: "guess-13" });

    expect(wrong).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
    expect([right.status, socket.status]).toEqual([200, 200]);
    expect([again.status, again.headers["retry-after"]]).toEqual([429, "50"]);
    expect(later.status).toBe(401);
  });

  it.each([
    ["another site", { origin: "http://evil.example" }, 403],
    ["a page without an origin", { origin: "null" }, 403],
    ["another port of this host", { origin: "http://127.0.0.1:1" }, 403],
    ["a rebound name", { host: "evil.example" }, 421],
    ["a form", { "content-type": "text/plain" }, 415],
    ["a form of fields", { "content-type": "application/x-www-form-urlencoded" }, 415],
    ["a look-alike", { "content-type": "application/jsonp" }, 415],
  ])("%s may not act, even with a right token", async (_who, headers, status) => {
    await open();

    const answer = await overTcp(PATHS.pause, { token: TOKENS.grace, headers, body: PAUSE });

    expect(problemOf(answer).status).toBe(status);
    expect(calls).toEqual([]);
  });

  it.each([["text/plain"], [undefined]])(
    "nothing acts that says %s of its body, even of none",
    async (type) => {
      await open();
      const { port } = new URL(api?.url ?? "");
      const authorization = `Bearer ${TOKENS.grace}`;
      const headers =
        type === undefined ? { authorization } : { authorization, "content-type": type };

      const answer = await ask({
        host: "127.0.0.1",
        port,
        path: PATHS.resume,
        method: "POST",
        headers,
      });

      expect(problemOf(answer).status).toBe(415);
      expect(calls).toEqual([]);
    },
  );

  it("rollwatch's own page may act", async () => {
    await open();

    const headers = { origin: api?.url ?? "" };
    const answer = await overTcp(PATHS.pause, { token: TOKENS.grace, headers, body: PAUSE });

    expect(answer.status).toBe(204);
  });
});

describe("a body", () => {
  it("that is wrong is told with every problem", async () => {
    await open();

    const answer = await overSocket(PATHS.pause, {
      body: { reason: " ", forMs: -1, forever: true },
    });

    const { status, reasons = [] } = problemOf(answer);
    expect(status).toBe(400);
    expect(reasons).toHaveLength(3);
    expect(reasons.join("\n")).toMatch(/^reason: /mu);
    expect(reasons.join("\n")).toMatch(/^forMs: /mu);
    expect(reasons.join("\n")).toContain("forever");
    expect(calls).toEqual([]);
  });

  it.each([
    ["cut off", '{"reason":"x"', 400],
    ["no object", "[1]", 400],
    ["poisoned", '{"__proto__":{"reason":"x"},"reason":"x","forMs":null}', 400],
    ["too large", `{"reason":"${"x".repeat(70_000)}"}`, 413],
  ])("that is %s is refused", async (_how, body, status) => {
    await open();

    const answer = await overSocket(PATHS.pause, { body });

    expect(problemOf(answer).status).toBe(status);
    expect(calls).toEqual([]);
  });

  it("that is no JSON by its type is not read on the socket either", async () => {
    await open();
    const headers = { "content-type": "text/plain" };

    const answer = await overSocket(PATHS.pause, { headers, body: PAUSE });

    expect(problemOf(answer).status).toBe(415);
    expect(calls).toEqual([]);
  });

  it("of a stranger is not even read", async () => {
    await open();

    const answer = await overTcp(PATHS.pause, { body: "x".repeat(70_000) });

    expect(answer.status).toBe(401);
  });
});

describe("what is not granted", () => {
  it.each([
    ["refused", 409],
    ["not-permitted", 403],
    ["plan-unknown", 404],
    ["lock-held", 409],
    ["database-unreachable", 503],
  ] as const)("%s is told with its cure and status", async (code, status) => {
    await open({
      approve: async () => {
        throw new Failure(code, "no", { hint: "ask Ada" });
      },
    });

    const answer = await overTcp("/api/v1/plans/plan-1/approve", { token: TOKENS.ada });

    expect(problemOf(answer)).toMatchObject({ status, code, detail: "no", hint: "ask Ada" });
  });

  it("is an approval of another plan's hash", async () => {
    const seen: unknown[] = [];
    await open({
      approve: async (id, { hash }) => {
        seen.push([id, hash]);
        if (hash !== aPlanReport().hash) {
          throw new Failure("refused", "this is not the plan that was looked at", { hint: "look" });
        }
        return aPlanReport({ state: "running" });
      },
    });

    const approve = "/api/v1/plans/plan-1/approve";
    const replayed = await overTcp(approve, { token: TOKENS.ada, body: { hash: "cd".repeat(32) } });
    const right = await overTcp(approve, { token: TOKENS.ada, body: { hash: aPlanReport().hash } });

    expect([replayed.status, right.status]).toEqual([409, 200]);
    expect(seen).toEqual([
      ["plan-1", "cd".repeat(32)],
      ["plan-1", aPlanReport().hash],
    ]);
  });
});

describe("openapi.json", () => {
  const Document = z.object({
    paths: z.record(
      z.string(),
      z.record(z.string(), z.looseObject({ description: z.string().optional() })),
    ),
    components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
  });

  it("has every path, and only methods that are there", async () => {
    await open();

    const answer = await overSocket(PATHS.openapi, { method: "GET" });
    const { paths } = Document.parse(JSON.parse(answer.body));

    expect(Object.keys(paths).toSorted()).toEqual(
      Object.values(PATHS)
        .map((path) => path.replaceAll(/:(\w+)/gu, "{$1}"))
        .toSorted(),
    );
    for (const [path, methods] of Object.entries(paths)) {
      const allowed = await overTcp(path.replaceAll(/\{\w+\}/gu, "x-1"), { method: "PATCH" });
      const names = String(allowed.headers["allow"]).replace(", HEAD", "").toLowerCase();
      expect([path, names.split(", ").toSorted()]).toEqual([path, Object.keys(methods).toSorted()]);
    }
  });

  it("agrees with docs/http.md about what there is and what a token must allow", async () => {
    await open();
    const text = await readFile(new URL("../../docs/http.md", import.meta.url), "utf8");

    const answer = await overSocket(PATHS.openapi, { method: "GET" });
    const { paths } = Document.parse(JSON.parse(answer.body));

    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { description = "" }]) => {
        const access = /access: (\w+)/u.exec(description)?.[1] ?? "";
        return {
          route: `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/gu, ":$1")}`,
          access,
        };
      }),
    );
    const rows = text.split("\n").map((line) => line.replaceAll(/ +/gu, " "));
    const missing = routes.filter(
      ({ route, access }) =>
        route !== "DELETE /api/v1/maintenance" &&
        !rows.some((row) =>
          row.startsWith(`| \`${route}\` | ${access}${access === "" ? "" : " "}|`),
        ),
    );
    expect(missing).toEqual([]);
  });

  it("refers to nothing that it does not hold", async () => {
    await open();

    const answer = await overSocket(PATHS.openapi, { method: "GET" });
    const { components } = Document.parse(JSON.parse(answer.body));

    const references = [...answer.body.matchAll(/"#\/components\/schemas\/([^"]+)"/gu)].map(
      ([, name]) => name ?? "",
    );
    expect(references).toContain("RollbackRequest");
    expect(references.filter((name) => components.schemas[name] === undefined)).toEqual([]);
  });
});
