import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Exposition, readExposition } from "../../src/observe/exposition.ts";
import { withTempFolder } from "../support/temp.ts";

const REGISTER = new URL("../../src/instrument/register.ts", import.meta.url).href;
const ROOT = new URL("../..", import.meta.url).pathname;

interface Run {
  readonly code: unknown;
  readonly output: string;
  /** What was published while the application ran. */
  readonly page: Exposition;
  /** What is left when it has ended. */
  readonly left: readonly string[];
}

/** Runs an application with the preload; it keeps a copy of its page, and ends by itself. */
async function runWith(source: string, name: string, folder: string): Promise<Run> {
  const script = join(folder, name);
  const metrics = join(folder, "m");
  await mkdir(metrics);
  // Of a process that was killed.
  await writeFile(join(metrics, "999999999.prom"), "old 1\n");
  await writeFile(script, source);
  const child = spawn(process.execPath, ["--import", "tsx", "--import", REGISTER, script], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "inherit"],
    env: { PATH: process.env["PATH"], ROLLWATCH_METRICS_DIR: metrics, FOLDER: folder },
  });
  let output = "";
  child.stdout.on("data", (data: Buffer) => {
    output += String(data);
  });
  const [code] = await once(child, "close");
  const page = readExposition(await readFile(join(folder, "page"), "utf8"));
  return { code, output, page, left: await readdir(metrics) };
}

/** A server that is asked a few times, and closes when its page tells the last of them. */
function anApplication(load: string): string {
  return `
${load}
const pool = new Pool({ host: process.env.FOLDER, max: 1 });
pool.connect().catch(() => console.log("as ever"));
const server = http.createServer((request, response) => {
  response.statusCode = request.url === "/broken" ? 503 : 200;
  setTimeout(() => response.end("x"), request.url === "/slow" ? 300 : 0);
});
server.listen(0, "127.0.0.1", async () => {
  const url = "http://127.0.0.1:" + server.address().port;
  for (const path of ["/", "/", "/broken", "/slow"]) {
    await fetch(url + path).then((answer) => answer.text());
  }
  await fetch(url, { headers: { "user-agent": "rollwatch" } }).then((answer) => answer.text());
  await fetch(url + "/slow", { signal: AbortSignal.timeout(50) }).catch(() => undefined);
  const waiting = setInterval(() => {
    const own = process.env.ROLLWATCH_METRICS_DIR + "/" + process.pid + ".prom";
    const page = fs.existsSync(own) ? fs.readFileSync(own, "utf8") : "";
    if (page.includes("499")) {
      fs.writeFileSync(process.env.FOLDER + "/page", page);
      clearInterval(waiting);
      server.close();
      server.closeAllConnections();
    }
  }, 20);
});
`;
}

function valueOf(page: Exposition, name: string, labels: object): number | undefined {
  return page
    .series(name)
    .find((one) => Object.entries(labels).every(([label, text]) => one.labels.get(label) === text))
    ?.value;
}

describe.concurrent("an application with the preload", () => {
  it.each([
    [
      "CommonJS",
      "app.cjs",
      'const fs = require("fs"); const http = require("http"); const { Pool } = require("pg");',
    ],
    [
      "ES modules",
      "app.mjs",
      'import fs from "node:fs"; import http from "node:http"; const { Pool } = (await import("pg")).default;',
    ],
  ])(
    "of %s tells its requests and its pools, ends as ever and leaves nothing",
    async (_kind, name, load) => {
      await withTempFolder(async (folder) => {
        const from = join(ROOT, "node_modules");
        const near = load.replace(
          '"pg"',
          JSON.stringify(join(from, "pg", name.endsWith("cjs") ? "lib/index.js" : "esm/index.mjs")),
        );

        const { code, output, page, left } = await runWith(anApplication(near), name, folder);

        expect({ code, output, left }).toEqual({ code: 0, output: "as ever\n", left: [] });
        const get = { method: "GET" };
        expect(valueOf(page, "http_requests_total", { ...get, status: "200" })).toBe(3);
        expect(valueOf(page, "http_requests_total", { ...get, status: "503" })).toBe(1);
        expect(valueOf(page, "http_requests_total", { ...get, status: "499" })).toBe(1);
        const seconds = "http_request_duration_seconds_bucket";
        expect(valueOf(page, seconds, { status: "200", le: "0.25" })).toBe(2);
        expect(valueOf(page, seconds, { status: "200", le: "+Inf" })).toBe(3);
        expect(valueOf(page, "nodejs_eventloop_lag_p99_seconds", {})).toBeLessThan(60);
        expect(valueOf(page, "pg_pool_total_connections", { pool: "0" })).toBe(0);
        expect(valueOf(page, "pg_pool_waiting_requests", { pool: "0" })).toBe(0);
      });
    },
    30_000,
  );

  it("is not troubled by a folder that cannot be", async () => {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--import", REGISTER, "--eval", "console.log('fine')"],
      { cwd: ROOT, env: { PATH: process.env["PATH"], ROLLWATCH_METRICS_DIR: "/dev/null/no" } },
    );
    const chunks: string[] = [];
    child.stdout.on("data", (data: Buffer) => chunks.push(String(data)));
    child.stderr.on("data", (data: Buffer) => chunks.push(String(data)));

    const [code] = await once(child, "close");

    expect([code, chunks.join("")]).toEqual([0, "fine\n"]);
  }, 30_000);
});
