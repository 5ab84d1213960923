import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PATHS } from "../../src/api/contract.ts";
import { type Api, openApi } from "../../src/api/server.ts";
import type { PublicPages } from "../../src/api/status-page.ts";
import { type Answer, ask, servedPorts } from "../support/served.ts";

const ANYWHERE = { host: "127.0.0.1", port: 0 };
const STYLE = "body{color:red}";

let folder: string;
let api: Api | undefined;
let made: number;
let now: number;

const pages: PublicPages = {
  paths: ["/", "/api/v2/status.json"],
  read: (path) => {
    made += 1;
    return path === "/"
      ? { type: "text/html; charset=utf-8", body: `<style>${STYLE}</style>well`, style: STYLE }
      : { type: "application/json; charset=utf-8", body: `{"made":${made}}` };
  },
};

beforeEach(async () => {
  made = 0;
  now = 0;
  folder = await mkdtemp("/tmp/rwA-");
  api = await openApi(servedPorts({ statusPage: pages, clock: { monotonic: () => now } }), {
    listen: ANYWHERE,
    socketPath: join(folder, "rollwatch.sock"),
    statusPage: ANYWHERE,
  });
});

afterEach(async () => {
  await api?.close();
  await rm(folder, { recursive: true });
});

async function get(
  path: string,
  headers: Readonly<Record<string, string>> = {},
  method = "GET",
): Promise<Answer> {
  const { hostname, port } = new URL(api?.statusPageUrl ?? "");
  return ask({ host: hostname, port, path, headers, method });
}

describe("the page for the public", () => {
  it("is served to whoever asks, from any site, under the name that the proxy passes on", async () => {
    const answer = await get("/", { host: "status.example.com", origin: "https://other.example" });

    expect(answer).toMatchObject({
      status: 200,
      type: "text/html; charset=utf-8",
      headers: {
        "access-control-allow-origin": "*",
        "cache-control": "public, max-age=15",
        "x-content-type-options": "nosniff",
      },
    });
    expect(answer.body).toContain("well");
  });

  it("allows its one style and no script", async () => {
    const { headers } = await get("/");
    const hash = createHash("sha256").update(STYLE).digest("base64");

    expect(headers["content-security-policy"]).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    );
  });

  it("is not sent again to whoever has it", async () => {
    const first = await get("/");
    const etag = String(first.headers["etag"]);

    const again = await get("/", { "if-none-match": `"other", ${etag}` });
    const other = await get("/", { "if-none-match": '"other"' });

    expect(again).toMatchObject({ status: 304, body: "" });
    expect(other.status).toBe(200);
  });

  it("is made once a second, however many ask", async () => {
    await Promise.all(Array.from({ length: 20 }, async () => get("/api/v2/status.json")));
    expect(made).toBe(1);

    now = 1000;

    expect((await get("/api/v2/status.json")).body).toBe('{"made":2}');
  });

  it("has nothing else, and takes nothing", async () => {
    const others = Object.values(PATHS).map((path) => path.replaceAll(/:\w+/gu, "x"));

    const answers = await Promise.all(others.map(async (path) => get(path)));
    const post = await get("/", {}, "POST");

    expect(others.length).toBeGreaterThan(20);
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(post.status).toBe(405);
  });

  it("is nowhere unless it is configured, on the interface's own listener neither", async () => {
    const closed = await openApi(servedPorts({ statusPage: pages }), {
      listen: ANYWHERE,
      socketPath: join(folder, "second.sock"),
    });
    const { hostname, port } = new URL(closed.url);

    const answer = await ask({ host: hostname, port, path: "/api/v2/status.json" });
    await closed.close();

    expect(closed.statusPageUrl).toBeUndefined();
    expect(answer.status).toBe(404);
  });

  it("whose address is taken keeps rollwatch from starting, and names its key", async () => {
    const { port } = new URL(api?.statusPageUrl ?? "");

    const second = openApi(servedPorts(), {
      listen: ANYWHERE,
      socketPath: join(folder, "second.sock"),
      statusPage: { host: "127.0.0.1", port: Number(port) },
    });

    await expect(second).rejects.toMatchObject({
      hint: expect.stringContaining("statusPage.listen"),
    });
  });
});
