import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PATHS, ProblemDetails } from "../../src/api/contract.ts";
import { type Api, openApi } from "../../src/api/server.ts";
import { Failure } from "../../src/model/failure.ts";
import { ContactSettings } from "../../src/model/people.ts";
import { anAlertmanagerMessage } from "../support/alertmanager-message.ts";
import { type Answer, ask, aTeam, servedPorts, TOKENS } from "../support/served.ts";

const TOKEN = "alertmanager-0123456789";
const MESSAGE = anAlertmanagerMessage([{ name: "Slow" }]);
const REPORT = { signal: "scan", state: "bad", reason: "CVE-2026-1" };

let folder = "";
let api: Api;
let heard: unknown[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwW-"));
  heard = [];
  const program = ContactSettings.parse({ name: "Alertmanager", access: ["signal"], token: TOKEN });
  const incoming = {
    heartbeats: [],
    checkIn: async () => undefined,
    hearAlerts: async (message: unknown) => {
      heard.push(message);
    },
    hearReport: async (report: { readonly signal: string }, by: { readonly name: string }) => {
      if (report.signal !== "scan") {
        throw new Failure("signal-unknown", "no such signal", { hint: "see the names" });
      }
      heard.push({ ...report, by: by.name });
    },
  };
  api = await openApi(servedPorts({ incoming, people: { contacts: [...aTeam(), program] } }), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: join(folder, "rollwatch.sock"),
  });
});

afterEach(async () => {
  await api.close();
  await rm(folder, { recursive: true });
});

async function post(path: string, body: unknown, token: string | null = TOKEN): Promise<Answer> {
  const { port } = new URL(api.url);
  const authorization = token === null ? {} : { authorization: `Bearer ${token}` };
  const headers = { "content-type": "application/json", ...authorization };
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return ask({ host: "127.0.0.1", port, path, method: "POST", headers }, text);
}

describe("a webhook", () => {
  it("takes what Alertmanager sends", async () => {
    const answer = await post(PATHS.alertmanager, { ...MESSAGE, receiver: "rollwatch" });

    expect(answer.status).toBe(204);
    expect(heard).toEqual([MESSAGE]);
  });

  it("takes what any program tells, and who that is", async () => {
    expect((await post(PATHS.generic, REPORT)).status).toBe(204);
    expect(heard).toEqual([{ ...REPORT, by: "Alertmanager" }]);
  });

  it("takes bodies longer than other routes do, up to 1 MiB", async () => {
    const long = anAlertmanagerMessage([{ name: "Slow", summary: "x".repeat(500_000) }]);

    expect((await post(PATHS.alertmanager, long)).status).toBe(204);
    expect((await post(PATHS.generic, "x".repeat(1024 * 1024 + 1))).status).toBe(413);
  });

  it.each([
    ["no token", null, 401],
    ["nobody's token", "nobody-0123456789abc", 401],
    ["a person's token", TOKENS.grace, 403],
  ])("is closed for %s", async (_what, token, status) => {
    expect((await post(PATHS.alertmanager, MESSAGE, token)).status).toBe(status);
    expect((await post(PATHS.generic, REPORT, token)).status).toBe(status);
    expect(heard).toEqual([]);
  });

  it("allows its program nothing else", async () => {
    const reported = await post(PATHS.reports, { trigger: "system-down", reason: "x" });
    const paused = await post(PATHS.pause, { reason: "x", forMs: null });

    expect([reported.status, paused.status]).toEqual([403, 403]);
  });

  it.each([
    ["no JSON", "{", PATHS.alertmanager],
    ["something else", { alerts: "all" }, PATHS.alertmanager],
    ["another version", { ...MESSAGE, version: "3" }, PATHS.alertmanager],
    [
      "a prototype",
      '{"version":"4","groupKey":"a","alerts":[],"__proto__":{}}',
      PATHS.alertmanager,
    ],
    ["a word too many", { ...REPORT, trigger: "system-down" }, PATHS.generic],
    ["neither bad nor good", { ...REPORT, state: "unsure" }, PATHS.generic],
    ["no reason", { ...REPORT, reason: " " }, PATHS.generic],
    ["deep brackets", "[".repeat(100_000), PATHS.generic],
  ])("refuses %s", async (_what, body, path) => {
    const answer = await post(path, body);

    expect(answer.status).toBe(400);
    expect(heard).toEqual([]);
  });

  it("says so when no signal of this name is told by webhooks", async () => {
    const answer = await post(PATHS.generic, { ...REPORT, signal: "api-health" });

    expect(ProblemDetails.parse(JSON.parse(answer.body))).toMatchObject({
      status: 404,
      code: "signal-unknown",
    });
  });
});
