import { mkdir, writeFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import { z } from "zod";
import type { Lab } from "../../lab/lab.ts";
import { startProgram, type Start } from "../../lab/program.ts";
import type { Pace } from "./cases.ts";
import type { Addresses, Observer } from "./observer.ts";
import { alertmanagerFile, blackboxFile, prometheusFile, rulesFile } from "./prometheus-files.ts";
import type { Target } from "./target.ts";

/** The programs, by path. */
export interface PrometheusPrograms {
  readonly blackbox: string;
  readonly prometheus: string;
  readonly alertmanager: string;
}

const Notified = z.object({ alerts: z.array(z.object({ status: z.string() })) });
const Alerts = z.object({ data: z.object({ alerts: z.array(z.unknown()) }) });
const ASK_LIMIT_MS = 5000;

interface Watch {
  readonly target: Target;
  readonly pace: Pace;
  /** What is asked instead of the target. */
  readonly addresses?: Addresses;
}

/** Starts blackbox_exporter, Prometheus and Alertmanager on the target; a decision is the webhook that arrives. */
export async function startPrometheusStack(
  lab: Lab,
  programs: PrometheusPrograms,
  { target, pace, addresses }: Watch,
): Promise<Observer> {
  const folder = path.join(lab.folder, "stack");
  await mkdir(folder);
  const decisions: number[] = [];
  const ports = {
    target: target.port,
    blackbox: await lab.port(),
    prometheus: await lab.port(),
    alertmanager: await lab.port(),
    webhook: await receive(lab, decisions),
  };
  const files = {
    "blackbox.yml": blackboxFile(ports, pace),
    "prometheus.yml": prometheusFile(ports, pace, addresses),
    "rules.yml": rulesFile(pace),
    "alertmanager.yml": alertmanagerFile(ports),
  };
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), content);
  }
  const blackbox = await startProgram(lab, {
    name: "blackbox",
    program: programs.blackbox,
    args: ["--config.file=blackbox.yml", `--web.listen-address=127.0.0.1:${ports.blackbox}`],
    folder,
  });
  const alertmanager = await startProgram(lab, {
    name: "alertmanager",
    // Alone: without a cluster it waits for no peers before it notifies.
    ...withShare(programs.alertmanager, [
      "--config.file=alertmanager.yml",
      "--storage.path=alerts",
      "--cluster.listen-address=",
      `--web.listen-address=127.0.0.1:${ports.alertmanager}`,
    ]),
    folder,
  });
  const prometheus = await startProgram(lab, {
    name: "prometheus",
    program: programs.prometheus,
    args: [
      "--config.file=prometheus.yml",
      "--storage.tsdb.path=series",
      `--web.listen-address=127.0.0.1:${ports.prometheus}`,
      "--log.level=warn",
    ],
    folder,
  });
  return {
    name: "prometheus",
    pids: [blackbox.pid, prometheus.pid, alertmanager.pid],
    decisions: async () => [...decisions],
    isCalm: async () => isCalm(ports).catch(() => false),
    log: async () => prometheus.log(),
  };
}

/** Debian's Alertmanager reads templates from /usr/share; from an unpacked package it gets them there by a mount of its own. */
function withShare(program: string, args: readonly string[]): Pick<Start, "program" | "args"> {
  const share = path.resolve(program, "..", "..", "share");
  if (share === "/usr/share") {
    return { program, args };
  }
  const mount = `mount -t overlay overlay -o lowerdir="$0":/usr/share /usr/share && exec "$@"`;
  const user = process.getuid?.() === 0 ? [] : ["--user", "--map-root-user"];
  return {
    program: "unshare",
    args: [...user, "--mount", "sh", "-c", mount, share, program, ...args],
  };
}

/** Neither has an alert: none is pending, firing, or not yet told as resolved. */
async function isCalm({
  prometheus,
  alertmanager,
}: {
  readonly prometheus: number;
  readonly alertmanager: number;
}): Promise<boolean> {
  const [own, told] = await Promise.all([
    ask(`http://127.0.0.1:${prometheus}/api/v1/alerts`),
    ask(`http://127.0.0.1:${alertmanager}/api/v2/alerts`),
  ]);
  return (
    Alerts.parse(own).data.alerts.length === 0 && z.array(z.unknown()).parse(told).length === 0
  );
}

async function ask(url: string): Promise<unknown> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_LIMIT_MS) });
  return answer.json();
}

/** Takes Alertmanager's webhooks on a port of the lab, and notes when something began to fire. */
async function receive(lab: Lab, decisions: number[]): Promise<number> {
  const server = http.createServer((request, response) => {
    const at = Date.now();
    void text(request).then((body) => {
      const { alerts } = Notified.parse(JSON.parse(body));
      if (alerts.some((one) => one.status === "firing")) {
        decisions.push(at);
      }
      return response.writeHead(200).end();
    });
  });
  const port = await lab.port();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  lab.onEnd("Alertmanager's webhook", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return port;
}
