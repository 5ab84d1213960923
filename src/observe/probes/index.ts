import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { EvidenceKind } from "../../model/signal.ts";
import type { Certificates } from "../../system/certificates.ts";
import type { Http } from "../../system/http.ts";
import type { Inbox } from "../../system/inbox.ts";
import type { Logs } from "../../system/logs.ts";
import type { Memory } from "../../system/memory.ts";
import type { Audits } from "../../system/npm-audit.ts";
import type { Processes } from "../../system/process.ts";
import type { Resolver } from "../../system/resolver.ts";
import type { Tcp } from "../../system/tcp.ts";
import type { Websocket } from "../../system/websocket.ts";
import { unitOfMetric } from "../metric-units.ts";
import type { Lockfiles } from "../lockfiles.ts";
import type { Probe } from "../probe.ts";
import { folderOf } from "../scrapes.ts";
import type { Sources } from "../sources.ts";
import { AccessLogProbeSettings, createAccessLogProbe } from "./access-log.ts";
import { AdvisoriesProbeSettings, createAdvisoriesProbe } from "./advisories.ts";
import { CommandProbeSettings, createCommandProbe } from "./command.ts";
import { AlertmanagerProbeSettings, createAlertmanagerProbe } from "./alertmanager.ts";
import { createDnsProbe, DnsProbeSettings } from "./dns.ts";
import {
  type BlindnessProbePorts,
  BlindnessProbeSettings,
  createBlindnessProbe,
} from "./blindness.ts";
import { createHeartbeatProbe, HeartbeatProbeSettings } from "./heartbeat.ts";
import { createHttpSequenceProbe, HttpSequenceProbeSettings } from "./http-sequence.ts";
import { createHttpProbe, HttpProbeSettings } from "./http.ts";
import { createMemoryProbe, MemoryProbeSettings } from "./memory.ts";
import { createPm2Probe, type Pm2ProbePorts, Pm2ProbeSettings } from "./pm2.ts";
import { createPm2MetricsProbe, Pm2MetricsProbeSettings } from "./pm2-metrics.ts";
import { createPostgresProbe, type PostgresProbePorts, PostgresProbeSettings } from "./postgres.ts";
import { createPrometheusProbe, PrometheusProbeSettings } from "./prometheus.ts";
import { createScrapeProbe, ScrapeProbeSettings } from "./scrape.ts";
import { createWebhookProbe, WebhookProbeSettings } from "./webhook.ts";
import { createSqlProbe, type SqlProbePorts, SqlProbeSettings } from "./sql.ts";
import { createTcpProbe, TcpProbeSettings } from "./tcp.ts";
import { createTlsProbe, TlsProbeSettings } from "./tls.ts";
import { createSyntheticAlertProbe, type SyntheticAlertProbePorts } from "./synthetic-alert.ts";
import { SyntheticAlertProbeSettings } from "../synthetic-settings.ts";
import { createWebsocketProbe, WebsocketProbeSettings } from "./websocket.ts";

/** The settings of every kind of probe. */
export const ProbeSettings = z.discriminatedUnion("kind", [
  HttpProbeSettings,
  Pm2ProbeSettings,
  WebsocketProbeSettings,
  ScrapeProbeSettings,
  MemoryProbeSettings,
  PostgresProbeSettings,
  SqlProbeSettings,
  SyntheticAlertProbeSettings,
  HeartbeatProbeSettings,
  AlertmanagerProbeSettings,
  WebhookProbeSettings,
  BlindnessProbeSettings,
  PrometheusProbeSettings,
  CommandProbeSettings,
  HttpSequenceProbeSettings,
  TcpProbeSettings,
  TlsProbeSettings,
  DnsProbeSettings,
  AdvisoriesProbeSettings,
  AccessLogProbeSettings,
  Pm2MetricsProbeSettings,
]);
export type ProbeSettings = z.infer<typeof ProbeSettings>;

/** What the judgement must know of a probe. */
export interface ProbeTraits {
  /** The unit of its values, base units in plural: `seconds`, `ratio`, `bytes`, `failures`. */
  readonly unit: string;
  /**
   * `value`: bad above the limit. `requests`: single requests, of which the configured share may be above the limit.
   * `share`: counts, and the limit itself is the share of them that may be bad. `allowed-share`: counts of requests above the
   * limit, of which the configured share may be.
   */
  readonly judgedBy: "value" | "requests" | "share" | "allowed-share";
  /** The largest value that can be; absent when there is none. */
  readonly largest?: number;
  /** The address it asks, for finding out which service answers. */
  readonly url?: string;
  /** The limit where none is configured. Default 0. */
  readonly usualLimit?: number;
  /** What its values rest on. Default `probe`: rollwatch measured them itself. */
  readonly evidence?: EvidenceKind;
  /** The addresses of further requests of the same run. */
  readonly alsoAsks?: readonly string[];
  /** For how long it repeats one answer; absent where it asks each time. */
  readonly heldMs?: number;
  /** The service that it measures, where its own settings name it. */
  readonly service?: string;
}

type Kind = ProbeSettings["kind"];
type SettingsByKind = { readonly [K in Kind]: Extract<ProbeSettings, { readonly kind: K }> };
/** The settings of one kind, in the form in which the compiler finds the right line of a table by `kind`. */
type SettingsOf<K extends Kind> = { [P in K]: { readonly kind: P } & SettingsByKind[P] }[K];
/** One line per kind; the compiler asks for each. */
type ByKind<More, Result> = {
  readonly [K in Kind]: (settings: SettingsOf<K>, more: More) => Result;
};

const FAILURES = { unit: "failures", judgedBy: "value", largest: 1 } as const;

const TRAITS: ByKind<number, ProbeTraits> = {
  http: traitsOfHttp,
  websocket: traitsOfWebsocket,
  pm2: (_, services) => ({ unit: "services down", judgedBy: "value", largest: services }),
  "pm2-metrics": ({ service, metric, unit = unitOfMetric(metric) }) => ({
    unit,
    judgedBy: "value",
    service,
  }),
  scrape: traitsOfScrape,
  memory: () => ({ unit: "ratio", judgedBy: "value", largest: 1 }),
  postgres: traitsOfPostgres,
  sql: ({ measure }) =>
    measure === "fall"
      ? { unit: "ratio", judgedBy: "value", largest: 1 }
      : { unit: "value", judgedBy: "value" },
  "synthetic-alert": ({ url }) => ({ ...FAILURES, url }),
  heartbeat: () => ({ unit: "seconds", judgedBy: "value" }),
  alertmanager: () => ({ unit: "alerts", judgedBy: "value", evidence: "webhook" }),
  webhook: () => ({ ...FAILURES, evidence: "webhook" }),
  blindness: () => ({ unit: "seconds", judgedBy: "value", evidence: "blindness", usualLimit: 120 }),
  // Without its address: Prometheus is no service of the application.
  prometheus: () => ({ unit: "value", judgedBy: "value" }),
  "http-sequence": traitsOfSequence,
  tcp: () => FAILURES,
  tls: () => FAILURES,
  dns: () => FAILURES,
  advisories: ({ every }) => ({ unit: "advisories", judgedBy: "value", heldMs: every }),
  "access-log": ({ measure }) =>
    measure === "errors"
      ? { unit: "ratio", judgedBy: "share", largest: 1 }
      : { unit: "ratio", judgedBy: "allowed-share" },
  command: ({ measure }) => (measure === "exit" ? FAILURES : { unit: "value", judgedBy: "value" }),
};

/** The traits of a probe; `services` are the application's. */
export function traitsOf<K extends Kind>(settings: SettingsOf<K>, services: number): ProbeTraits {
  return TRAITS[settings.kind](settings, services);
}

function traitsOfHttp({ measure, url, timeout }: HttpProbeSettings): ProbeTraits {
  return measure === "latency"
    ? { unit: "seconds", judgedBy: "requests", largest: timeout / 1000, url }
    : { unit: "failures", judgedBy: "value", largest: 1, url };
}

function traitsOfWebsocket({ url }: WebsocketProbeSettings): ProbeTraits {
  // A WebSocket begins as a request of HTTP: on the address of the API it is the API's service that answers.
  return { unit: "failures", judgedBy: "value", largest: 1, url: url.replace(/^ws/u, "http") };
}

function traitsOfSequence({ steps }: HttpSequenceProbeSettings): ProbeTraits {
  const [url = "", ...alsoAsks] = steps.map((step) => step.url);
  return { ...FAILURES, url, alsoAsks };
}

function traitsOfScrape(settings: ScrapeProbeSettings): ProbeTraits {
  const { measure } = settings;
  const asked = folderOf(settings.url) === undefined ? { url: settings.url } : {};
  switch (measure) {
    case "errors":
      return { unit: "ratio", judgedBy: "share", largest: 1, ...asked };
    case "slow-requests":
      return { unit: "ratio", judgedBy: "allowed-share", ...asked };
    case "gauge":
      return { unit: settings.over === undefined ? "value" : "ratio", judgedBy: "value", ...asked };
    default:
      return assertNever(measure);
  }
}

function traitsOfPostgres({ measure }: PostgresProbeSettings): ProbeTraits {
  switch (measure) {
    case "failure":
    case "corruption":
      return FAILURES;
    case "checksum-failures":
      return { unit: "failures", judgedBy: "value" };
    case "connections":
      return { unit: "ratio", judgedBy: "value", largest: 1 };
    case "waiting":
      return { unit: "sessions", judgedBy: "value" };
    case "longest-transaction":
      return { unit: "seconds", judgedBy: "value" };
    default:
      return assertNever(measure);
  }
}

/** Everything that some kind of probe asks with. */
export interface ProbePorts
  extends
    Pm2ProbePorts,
    Omit<SqlProbePorts, "clock">,
    Pick<PostgresProbePorts, "amcheck">,
    Pick<SyntheticAlertProbePorts, "marks" | "onLeft" | "apart"> {
  readonly http: Http;
  readonly websocket: Websocket;
  readonly memory: Memory;
  readonly inbox: Inbox;
  /** What the daemon sees; absent for a single look. */
  readonly sight?: BlindnessProbePorts["sight"];
  readonly logs: Logs;
  readonly sources: Sources;
  readonly processes: Processes;
  readonly audits: Audits;
  readonly lockfiles: Lockfiles;
  readonly tcp: Tcp;
  readonly certificates: Certificates;
  readonly resolver: Resolver;
  /** What every child program gets. */
  readonly childEnvironment: Readonly<Record<string, string>>;
  /** Values that no reading may tell. */
  readonly secrets: readonly string[];
}

/** What is measured for which signal; some probes judge single events by the signal's limit. */
export interface ProbedSignal {
  readonly name: string;
  readonly probe: ProbeSettings;
  readonly limit: number;
  /** The service that it is about, as configured. */
  readonly service?: string | undefined;
}

/** The ports, and of the signal what some probes need beside their settings. */
interface Making {
  readonly name: string;
  readonly limit: number;
  readonly service: string | undefined;
  readonly ports: ProbePorts;
}

const MAKERS: ByKind<Making, Probe> = {
  http: (probe, { name, ports }) => createHttpProbe(name, probe, ports),
  pm2: (probe, { name, ports }) => createPm2Probe(name, probe, ports),
  "pm2-metrics": (probe, { name, ports }) => createPm2MetricsProbe(name, probe, ports),
  websocket: (probe, { name, ports }) => createWebsocketProbe(name, probe, ports),
  scrape: (probe, { name, limit, ports }) =>
    createScrapeProbe(name, probe, { ...ports.sources, limit }),
  memory: (probe, { name, limit, ports }) => createMemoryProbe(name, probe, { ...ports, limit }),
  postgres: (probe, { name, ports }) =>
    createPostgresProbe(name, probe, { ...ports, ...ports.sources }),
  sql: (probe, { name, ports }) => createSqlProbe(name, probe, ports),
  "synthetic-alert": (probe, { name, ports }) => createSyntheticAlertProbe(name, probe, ports),
  alertmanager: (probe, { name, ports }) => createAlertmanagerProbe(name, probe, ports),
  webhook: (probe, { name, ports }) => createWebhookProbe(name, probe, ports),
  blindness: (probe, { name, ports }) => createBlindnessProbe(name, probe, ports),
  prometheus: (probe, { name, ports }) => createPrometheusProbe(name, probe, ports),
  heartbeat: (probe, { name, service, ports }) =>
    createHeartbeatProbe(name, probe, { ...ports, ...(service === undefined ? {} : { service }) }),
  tcp: (probe, { name, ports }) => createTcpProbe(name, probe, ports),
  tls: (probe, { name, ports }) => createTlsProbe(name, probe, ports),
  advisories: (probe, { name, ports }) => createAdvisoriesProbe(name, probe, ports),
  dns: (probe, { name, ports }) => createDnsProbe(name, probe, ports),
  "http-sequence": (probe, { name, ports }) => createHttpSequenceProbe(name, probe, ports),
  "access-log": (probe, { name, limit, ports }) =>
    createAccessLogProbe(name, probe, { ...ports, limit }),
  command: (probe, { name, ports }) => createCommandProbe(name, probe, ports),
};

/** The probe of a signal. */
export function createProbe(signal: ProbedSignal, ports: ProbePorts): Probe {
  const { name, probe, limit, service } = signal;
  return make(probe, { name, limit, service, ports });
}

function make<K extends Kind>(settings: SettingsOf<K>, making: Making): Probe {
  return MAKERS[settings.kind](settings, making);
}
