import { readFile } from "node:fs/promises";
import path from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { programsOf } from "../../lab/debian-programs.ts";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { rehearse, type Scene } from "../../lab/rehearsal.ts";
import { findRelease } from "../../lab/releases.ts";
import type { Watcher } from "../../lab/watcher.ts";
import { type DashboardQuery, queriesOf } from "../support/dashboard.ts";
import { type Prometheus, startPrometheus, until } from "./support/prometheus.ts";

const APPLICATION = "radiation-health";
const LIMIT_MS = 30_000;
/** Of the metrics, the one that the shipped configuration leaves out. */
const SNAPSHOT = "rollwatch_snapshot_age_seconds";

let lab: Lab;
let programs: Readonly<Record<"prometheus" | "promtool", string>>;
let prometheus: Prometheus;
let metricsUrl: string;
let signals: readonly string[];

/** One bad release, caught and rolled back, while Prometheus scrapes from the moment that rollwatch watches. */
beforeAll(async () => {
  lab = await openLab();
  programs = await programsOf("prometheus", ["prometheus", "promtool"], lab.folder);
  let started: Promise<Prometheus> | undefined;
  let watcher: Watcher | undefined;
  const script = {
    release: await findRelease("system-down"),
    bake: "10s",
    installWith: "cache",
    dependencies: "few",
    killDaemon: false,
    adapt: withSnapshots,
  } as const;
  await rehearse(lab, script, (scene: Scene) => {
    if (scene.kind === "watching") {
      ({ watcher } = scene);
      metricsUrl = `${watcher.url}/metrics`;
      const { host } = new URL(metricsUrl);
      started = startPrometheus(lab, programs.prometheus, host);
      started.catch(() => undefined);
    }
  });
  if (started === undefined) {
    throw new Error("the rehearsal did not begin to watch");
  }
  prometheus = await started;
  const ended = `rollwatch_rollbacks_total{result="completed",trigger="system-down"} > 0`;
  await until(
    "Prometheus has scraped the end of the rollback",
    async () => (await prometheus.query(ended)).length > 0,
    LIMIT_MS,
  );
  await until(
    "Prometheus has scraped the age of a snapshot of the database",
    async () => (await prometheus.query(SNAPSHOT)).length > 0,
    LIMIT_MS,
  ).catch(async (error: unknown) => {
    throw new Error(`rollwatch says:\n${(await watcher?.log()) ?? ""}`, { cause: error });
  });
  const limits = await prometheus.query("rollwatch_signal_limit");
  signals = limits.map(({ labels }) => labels["signal"] ?? "");
});

afterAll(async () => {
  await lab.end();
});

function withSnapshots(configuration: string): string {
  const changed = configuration.replace(/^ {2}# dump:$/mu, "  dump: {}");
  if (changed === configuration) {
    throw new Error("the shipped configuration has no commented `dump` any more");
  }
  return changed;
}

/** The query as Grafana would send it: one for each signal where it is drawn for each. */
function asSent({ expr }: DashboardQuery): readonly string[] {
  const filled = expr
    .replaceAll("$application", APPLICATION)
    .replaceAll("$__rate_interval", "30s")
    .replaceAll("$__range", "15m");
  return filled.includes("$signal")
    ? signals.map((signal) => filled.replaceAll("$signal", signal))
    : [filled];
}

async function hasData(expr: string): Promise<boolean> {
  return (await prometheus.query(expr)).some(({ value }) => Number.isFinite(value));
}

describe("a real Prometheus", () => {
  it("scrapes rollwatch", async () => {
    expect(await prometheus.isScraping()).toBe(true);
    expect(await prometheus.query("up")).toMatchObject([{ value: 1 }]);
  });

  it("has data for every query of the dashboard", async () => {
    const queries = queriesOf(
      await readFile(path.join(ROOT, "grafana", "dashboards", "rollwatch.json"), "utf8"),
    );
    const empty: string[] = [];
    for (const query of queries) {
      for (const expr of asSent(query)) {
        if (!(await hasData(expr))) {
          empty.push(expr);
        }
      }
    }

    expect(queries.length).toBeGreaterThan(30);
    expect(signals.length).toBeGreaterThan(5);
    expect(empty).toEqual([]);
  });

  it("agrees with the journal about the one rollback", async () => {
    const own = `application="${APPLICATION}"`;
    const completed = await prometheus.query(
      `rollwatch_rollbacks_total{${own},scope="application",trigger="system-down",result="completed"}`,
    );
    const detected = await prometheus.query(`rollwatch_detection_seconds_count{${own}}`);
    const breached = await prometheus.query(
      `max_over_time(rollwatch_breach_active{${own},trigger="system-down"}[15m])`,
    );
    const active = await prometheus.query(`rollwatch_breach_active{${own}}`);

    expect(completed).toMatchObject([{ value: 1 }]);
    expect(detected).toMatchObject([{ value: 1 }]);
    expect(breached).toMatchObject([{ value: 1 }]);
    expect(active).toHaveLength(14);
  });
});

describe("promtool", () => {
  it.each([[[]], [["--extended"]]])(
    "has nothing to say against the metrics %j",
    async (options: readonly string[]) => {
      const scrape = await (await fetch(metricsUrl)).text();

      const { exitCode, stderr } = await execa(
        programs.promtool,
        ["check", "metrics", ...options],
        { input: scrape, reject: false, env: constructedEnvironment(), extendEnv: false },
      );

      expect(stderr).toBe("");
      expect(exitCode).toBe(0);
    },
  );
});

describe("when it is over", () => {
  it("leaves nothing behind", async () => {
    expect(await lab.end()).toEqual([]);
  });
});
