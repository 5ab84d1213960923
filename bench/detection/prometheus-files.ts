import { stringify } from "yaml";
import type { Pace } from "./cases.ts";
import type { Addresses } from "./observer.ts";

/** Who listens where, on 127.0.0.1. */
export interface Ports {
  readonly target: number;
  readonly blackbox: number;
  readonly prometheus: number;
  readonly alertmanager: number;
  readonly webhook: number;
}

/** blackbox_exporter's modules: the API, and the handshake of the WebSocket, which its TCP probe can speak. */
export function blackboxFile({ target }: Ports, { timeoutMs }: Pace): string {
  const timeout = `${timeoutMs}ms`;
  const handshake = [
    "GET /alerts HTTP/1.1",
    `Host: 127.0.0.1:${target}`,
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "",
  ];
  return stringify({
    modules: {
      http: { prober: "http", timeout },
      tcp: { prober: "tcp", timeout },
      websocket: {
        prober: "tcp",
        timeout,
        tcp: {
          query_response: [
            // Each is sent with a line feed behind it.
            ...handshake.map((line) => ({ send: `${line}\r` })),
            { expect: "^HTTP/1.1 101 " },
          ],
        },
      },
    },
  });
}

/** Rules are evaluated as often as is scraped, and the metrics are those of the target itself too. */
export function prometheusFile(ports: Ports, { intervalMs }: Pace, addresses?: Addresses): string {
  const interval = `${intervalMs}ms`;
  const application = `127.0.0.1:${ports.target}`;
  const { http, tcp } = addresses ?? { http: [], tcp: [] };
  const jobs =
    addresses === undefined
      ? [
          probeJob("http", [`http://${application}/health`], ports),
          probeJob("websocket", [application], ports),
          { job_name: "application", static_configs: [{ targets: [application] }] },
        ]
      : [probeJob("http", http, ports), probeJob("tcp", tcp, ports)];
  return stringify({
    global: {
      scrape_interval: interval,
      scrape_timeout: interval,
      evaluation_interval: interval,
    },
    rule_files: ["rules.yml"],
    alerting: {
      alertmanagers: [{ static_configs: [{ targets: [`127.0.0.1:${ports.alertmanager}`] }] }],
    },
    scrape_configs: jobs,
  });
}

/** As blackbox_exporter's manual tells: what is to be probed becomes a parameter of the scrape. */
function probeJob(module: string, targets: readonly string[], { blackbox }: Ports): object {
  return {
    job_name: module,
    metrics_path: "/probe",
    params: { module: [module] },
    static_configs: [{ targets }],
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: `127.0.0.1:${blackbox}` },
    ],
  };
}

/**
 * One rule for each thing that can be wrong. `for` is the time between the first and the last of the bad evaluations; the
 * range of a rate is four scrapes, as recommended.
 */
export function rulesFile({ intervalMs, badProbes }: Pace): string {
  const range = `[${4 * intervalMs}ms]`;
  const failed = `sum(rate(http_requests_total{status=~"5.."}${range}))`;
  const rules = {
    Down: `probe_success{job="http"} == 0`,
    WebSocketDown: `probe_success{job="websocket"} == 0`,
    Slow: `probe_duration_seconds{job="http"} > 0.5`,
    Errors: `${failed} / sum(rate(http_requests_total${range})) > 0.05`,
    NoMetrics: `up == 0`,
  };
  return stringify({
    groups: [
      {
        name: "target",
        rules: Object.entries(rules).map(([alert, expr]) => ({
          alert,
          expr,
          for: `${(badProbes - 1) * intervalMs}ms`,
        })),
      },
    ],
  });
}

/** Tells at once, each alert by itself, and only once. */
export function alertmanagerFile({ webhook }: Ports): string {
  return stringify({
    route: {
      receiver: "bench",
      group_by: ["..."],
      group_wait: "0s",
      group_interval: "1s",
      repeat_interval: "1h",
    },
    receivers: [{ name: "bench", webhook_configs: [{ url: `http://127.0.0.1:${webhook}/` }] }],
  });
}
