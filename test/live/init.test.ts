import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { labEnvironment, ROOT } from "../../lab/environment.ts";
import { openJournalReader } from "../../lab/journal-reader.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { type Condition, isProven } from "../../lab/milestones.ts";
import { git } from "../../lab/repository.ts";
import { DoctorReport } from "../../src/model/doctor.ts";
import type { Entry } from "../../src/model/facts.ts";
import { InitReport } from "../../src/model/init.ts";
import { type DaemonLife, startProgram } from "./support/daemon-life.ts";
import { type PlainApp, startPlainApp } from "./support/plain-app.ts";

const PASSWORD = "sesame-4711";
/** What an operator may have to edit, by the issue. */
const MOST_EDITED_LINES = 25;
const LIMIT_MS = 120_000;

let lab: Lab;
let app: PlainApp;
let daemon: DaemonLife;
let file: string;
let state: string;
let environment: Readonly<Record<string, string>>;

/** What an operator would edit: addresses of this lab, and a bake time for people in a hurry. */
async function edit(configuration: string): Promise<number> {
  const drafted = await readFile(configuration, "utf8");
  const edited = drafted
    .replace(/^state: .*$/mu, `state: ${state}`)
    .replace(/^( {2}listen: ).*$/mu, `$1127.0.0.1:${await lab.port()}`)
    .replace(/^( {2}bake: ).*$/mu, "$13s");
  await writeFile(configuration, edited);
  const before = drafted.split("\n");
  return edited.split("\n").filter((line, place) => line !== before[place]).length;
}

async function rollwatch(
  args: readonly string[],
  env = environment,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const main = join(ROOT, "src", "main.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args], {
    cwd: ROOT,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code: Number(code), out, err };
}

async function entries(): Promise<readonly Entry[]> {
  const reader = await openJournalReader(state);
  try {
    return reader?.entries() ?? [];
  } finally {
    reader?.close();
  }
}

async function until(what: string, isSo: Condition): Promise<readonly Entry[]> {
  const end = performance.now() + LIMIT_MS;
  let now = await entries();
  while (!isSo(now)) {
    if (performance.now() > end) {
      const last = JSON.stringify(now.slice(-5));
      throw new Error(`never seen: ${what}; last ${last}\n${daemon.output()}`);
    }
    await sleep(200);
    now = await entries();
  }
  return now;
}

async function doctor(): Promise<{ readonly code: number; readonly report: DoctorReport }> {
  const { code, out, err } = await rollwatch(["doctor", "--config", file, "--json"]);
  expect(err).toBe("");
  return { code, report: DoctorReport.parse(JSON.parse(out)) };
}

async function prepareDatabase(cluster: Cluster): Promise<string> {
  await cluster.admin(`create role desk login password '${PASSWORD}'`);
  await cluster.admin("create database desk owner desk");
  const sql = `set role desk; create table pgmigrations (name text); insert into pgmigrations values ('001_parcels')`;
  await cluster.admin(sql, "desk");
  return cluster.url("desk", PASSWORD, "desk");
}

/** The decisions so far. */
function decisionsIn(all: readonly Entry[]): readonly { kind: string; reason: string }[] {
  return all.flatMap(({ fact }) => (fact.kind === "decided" ? [fact.decision] : []));
}

describe("rollwatch on an application that it has never seen", () => {
  beforeAll(async () => {
    lab = await openLab();
    file = join(lab.folder, "rollwatch.yaml");
    state = join(lab.folder, "state");
    const url = await prepareDatabase(await startCluster(lab));
    app = await startPlainApp(lab, { DATABASE_URL: url });
    environment = labEnvironment(lab.folder, {
      PATH: `${join(ROOT, "node_modules", ".bin")}${delimiter}${app.pm2.env["PATH"] ?? ""}`,
      HOME: lab.folder,
      DATABASE_URL: url,
    });
  });

  afterAll(async () => {
    await lab.end();
  });

  it("drafts a configuration from what runs there, and changes nothing else", async () => {
    const before = await app.pm2.list();
    const { DATABASE_URL: _url, ...without } = environment;

    const { code, out, err } = await rollwatch(
      ["init", "--pm2-home", app.pm2.folder, "--output", file, "--json"],
      without,
    );

    expect([code, err]).toEqual([0, ""]);
    const written = InitReport.parse(JSON.parse(out));
    expect(written).toMatchObject({
      application: "parcel-desk",
      root: app.root,
      signals: ["desk-api-health", "services", "response-time", "memory", "connections"],
      variables: [{ name: "DATABASE_URL" }],
      problems: [],
    });
    const draft = await readFile(file, "utf8");
    expect(draft).toContain(`url: ${app.url}/healthz`);
    expect(draft).toContain("migrations: { table: pgmigrations, column: name }");
    expect(draft).toContain("url: ${DATABASE_URL}");
    expect(draft).not.toContain(PASSWORD);
    expect(out).not.toContain(PASSWORD);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await app.pm2.list()).toMatchObject(before.map(({ name, pid }) => ({ name, pid })));
    expect(await git(app.root, app.pm2.env, ["status", "--porcelain"])).toBe("");
  });

  it("refuses to write over it", async () => {
    const { code, err } = await rollwatch(["init", "--pm2-home", app.pm2.folder, "--output", file]);

    expect([code, err]).toEqual([3, expect.stringContaining("is there already")]);
  });

  it("needs a few lines edited, and is then valid", async () => {
    const edited = await edit(file);

    const { code, err } = await rollwatch(["config", "validate", "--config", file]);

    expect([code, err]).toEqual([0, ""]);
    expect(edited).toBeGreaterThan(0);
    expect(edited).toBeLessThanOrEqual(MOST_EDITED_LINES);
  });

  it("has a doctor who finds no fault, and makes not even the state folder", async () => {
    const { code, report } = await doctor();

    expect(report.lines.filter((line) => line.state === "fault")).toEqual([]);
    expect(code).toBe(0);
    expect(report.requests).toEqual([{ origin: app.url, perMinute: 60 }]);
    await expect(stat(state)).rejects.toMatchObject({ code: "ENOENT" });
  });

  it("watches in shadow mode, and proves the release that runs", async () => {
    daemon = startProgram(["run", "--config", file], environment);
    await daemon.ready;

    const seen = await until("a proven release", isProven());

    expect(seen.filter(({ fact }) => fact.kind === "incident-opened")).toEqual([]);
    const { report } = await doctor();
    expect(report.lines.find((line) => line.check === "daemon")).toMatchObject({ state: "ok" });
    expect(report.faults).toBe(0);
  });

  it("sees a bad release at once, says what it would do, and does nothing", async () => {
    await app.deployBad();

    const seen = await until("a decision to roll back", (all) =>
      decisionsIn(all).some(({ reason }) => reason.includes("Otherwise: Roll back to")),
    );

    expect(seen.find(({ fact }) => fact.kind === "incident-opened")?.fact).toMatchObject({
      trigger: "system-down",
      mode: "shadow",
    });
    expect(seen.findLast(({ fact }) => fact.kind === "judged")?.fact).toMatchObject({
      cause: "release",
    });
    expect(decisionsIn(seen).map(({ kind }) => kind)).not.toContain("roll-back");
    expect(decisionsIn(seen).at(-1)).toMatchObject({
      kind: "hold",
      reason: expect.stringMatching(/^Nothing is done because .*shadow/u),
    });
    const acts = new Set(["planned", "recovery-started", "step-started"]);
    expect(seen.filter(({ fact }) => acts.has(fact.kind))).toEqual([]);
    const worker = (await app.pm2.list()).find(({ name }) => name === "desk-worker");
    expect(worker?.pm2_env).toMatchObject({ status: "online", restart_time: 1 });
    expect(await git(app.root, app.pm2.env, ["log", "-1", "--format=%s"])).toBe(
      "Parcels are counted faster",
    );
  });

  it("has a doctor who names what is wrong now", async () => {
    const { code, report } = await doctor();

    const faults = report.lines.filter((line) => line.state === "fault").map(({ check }) => check);
    expect(code).toBe(1);
    expect(faults).toContain("signal desk-api-health");
  });

  it("ends without leaving a process, a port or a folder", async () => {
    daemon.send("SIGTERM");

    expect(await daemon.ended).toEqual({ code: 0, signal: null });
    expect(await lab.end()).toEqual([]);
  });
});
