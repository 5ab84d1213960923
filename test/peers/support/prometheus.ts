import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Lab } from "../../../lab/lab.ts";
import { startProgram } from "../../../lab/program.ts";

/** A series at one moment. */
export interface Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A real Prometheus that scrapes one address every second. */
export interface Prometheus {
  /** Its address, such as `http://127.0.0.1:9090`. */
  readonly url: string;
  /** SIGKILL. */
  kill(): void;
  /** Whether its newest scrape went well. */
  isScraping(): Promise<boolean>;
  /** What a PromQL expression gives now. */
  query(expr: string): Promise<readonly Series[]>;
}

const Answer = z.object({
  status: z.string(),
  error: z.string().optional(),
  data: z.unknown(),
});
const Targets = z.object({ activeTargets: z.array(z.object({ health: z.string() })) });
const Vector = z.object({
  resultType: z.literal("vector"),
  result: z.array(
    z.object({
      metric: z.record(z.string(), z.string()),
      value: z.tuple([z.number(), z.string()]),
    }),
  ),
});
const LOOK_MS = 100;
const ASK_LIMIT_MS = 5000;

/** Whom it tells of which alerts. */
export interface Alerting {
  /** host:port of Alertmanager. */
  readonly alertmanager: string;
  /** The file of its rules. */
  readonly rules: string;
}

/** Starts it in the lab, with a configuration and a storage of its own; it ends with the lab. */
export async function startPrometheus(
  lab: Lab,
  program: string,
  address: string,
  alerting?: Alerting,
): Promise<Prometheus> {
  const folder = path.join(lab.folder, "prometheus");
  const configuration = path.join(folder, "prometheus.yml");
  const listen = `127.0.0.1:${await lab.port()}`;
  await mkdir(folder);
  await writeFile(path.join(folder, "rules.yml"), alerting?.rules ?? "groups: []\n");
  await writeFile(configuration, configurationFor(address, alerting?.alertmanager));
  const args = [
    `--config.file=${configuration}`,
    `--storage.tsdb.path=${path.join(folder, "data")}`,
    `--web.listen-address=${listen}`,
    "--log.level=warn",
    // The first of all alerts come before it knows Alertmanager.
    "--rules.alert.resend-delay=1s",
  ];
  const { pid } = await startProgram(lab, { name: "prometheus", program, args, folder });
  return {
    url: `http://${listen}`,
    kill: () => {
      process.kill(pid, "SIGKILL");
    },
    async isScraping() {
      const answer = await ask(listen, "targets").catch(() => undefined);
      const { activeTargets } = Targets.parse(answer ?? { activeTargets: [] });
      return activeTargets.length > 0 && activeTargets.every((one) => one.health === "up");
    },
    async query(expr) {
      const { result } = Vector.parse(await ask(listen, `query?query=${encodeURIComponent(expr)}`));
      return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
    },
  };
}

/** Looks again and again until it is so. */
export async function until(
  what: string,
  isSo: () => Promise<boolean>,
  limitMs: number,
): Promise<void> {
  const begun = performance.now();
  while (!(await isSo())) {
    if (performance.now() - begun > limitMs) {
      throw new Error(`not within ${limitMs / 1000} s: ${what}`);
    }
    await sleep(LOOK_MS);
  }
}

function configurationFor(address: string, alertmanager: string | undefined): string {
  const alerting =
    alertmanager === undefined
      ? ""
      : `alerting:
  alertmanagers:
    - static_configs:
        - targets: ["${alertmanager}"]
`;
  return `global:
  scrape_interval: 1s
  scrape_timeout: 1s
  evaluation_interval: 1s
rule_files: ["rules.yml"]
${alerting}scrape_configs:
  - job_name: rollwatch
    static_configs:
      - targets: ["${address}"]
`;
}

async function ask(listen: string, what: string): Promise<unknown> {
  const url = `http://${listen}/api/v1/${what}`;
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
  const { status, error, data } = Answer.parse(await answer.json());
  if (status !== "success") {
    throw new Error(`Prometheus answers ${what} with: ${error ?? status}`);
  }
  return data;
}
