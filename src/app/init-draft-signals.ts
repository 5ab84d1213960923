import type { Endpoint, FoundMetrics } from "./init-endpoints.ts";
import type { Survey } from "./init-survey.ts";
import { remark, yamlText } from "./init-yaml.ts";

/** One signal of the draft. */
export interface DraftedSignal {
  readonly name: string;
  readonly lines: readonly string[];
}

/** The signals that fit what was found. */
export function draftSignals(survey: Survey): readonly DraftedSignal[] {
  const { endpoints, database } = survey;
  const { health, metrics, websocket } = endpoints;
  const latency = endpoints.page ?? health[0];
  const taken = new Set<string>(["services", "memory"]);
  const named = health.map((one) => ({ one, name: nameFor(`${one.service}-health`, taken) }));
  return [
    ...named.map(({ one, name }) => healthSignal(name, one)),
    SERVICES,
    ...(latency === undefined ? [] : [latencySignal(nameFor("response-time", taken), latency)]),
    ...(metrics === undefined ? [] : scrapeSignals(metrics, health, taken)),
    MEMORY,
    ...(database === undefined ? [] : [connectionsSignal(nameFor("connections", taken))]),
    ...(websocket === undefined ? [] : [websocketSignal(nameFor("websocket", taken), websocket)]),
  ];
}

/** A name in the letters that a signal's may have, which no other has. */
function nameFor(wish: string, taken: Set<string>): string {
  const plain = wish.toLowerCase().replaceAll(/[^a-z0-9-]+/gu, "-");
  const base = /^[a-z]/u.test(plain) ? plain : `s-${plain}`;
  let name = base;
  for (let number = 2; taken.has(name); number += 1) {
    name = `${base}-${number}`;
  }
  taken.add(name);
  return name;
}

function pathOf({ url }: Endpoint): string {
  return new URL(url).pathname;
}

function healthSignal(name: string, { url, service, detail }: Endpoint): DraftedSignal {
  const lines = [
    `- name: ${name}`,
    "  trigger: system-down",
    `  probe: { kind: http, url: ${yamlText(url)}, interval: 2s, timeout: 1500ms } # found: ${remark(detail)}`,
    `  service: ${yamlText(service)}`,
  ];
  return { name, lines };
}

const SERVICES: DraftedSignal = {
  name: "services",
  lines: [
    "- name: services",
    "  trigger: system-down",
    "  probe: { kind: pm2, interval: 2s, timeout: 1500ms }",
  ],
};

const MEMORY: DraftedSignal = {
  name: "memory",
  lines: [
    "- name: memory",
    "  trigger: memory",
    "  # check: what one process may use; the limits of pm2 (max_memory_restart), host and control group count by themselves.",
    "  probe: { kind: memory, interval: 5s } # such as { kind: memory, interval: 5s, processLimit: 512MiB }",
    "  limit: 95%",
  ],
};

function latencySignal(name: string, { url, service, detail }: Endpoint): DraftedSignal {
  const lines = [
    `- name: ${name}`,
    "  trigger: slow-responses",
    "  # check: an address for which people wait, and the time that is too long for it; it is asked every 2 s.",
    `  probe: { kind: http, url: ${yamlText(url)}, measure: latency, interval: 2s, timeout: 1500ms } # found: ${remark(detail)}`,
    "  limit: 500ms",
    "  allowed: 5%",
    "  window: 10s",
    "  minSamples: 4",
    `  service: ${yamlText(service)}`,
  ];
  return { name, lines };
}

/** rollwatch's own questions are left out of the shares. */
function scrapeSignals(
  metrics: FoundMetrics,
  health: readonly Endpoint[],
  taken: Set<string>,
): readonly DraftedSignal[] {
  const { url, service, errors, slow, waiting, routeLabel } = metrics;
  const own = health.filter((one) => one.service === service).map(pathOf);
  const paths = [...new Set(["/metrics", ...own])].map(yamlText).join(", ");
  const ignore = routeLabel === undefined ? "" : `, ignore: { ${routeLabel}: [${paths}] }`;
  const page = `kind: scrape, url: ${yamlText(url)}, interval: 5s, timeout: 2s`;
  function scrape(wish: string, trigger: string, body: readonly string[]): DraftedSignal {
    const name = nameFor(wish, taken);
    const head = [`- name: ${name}`, `  trigger: ${trigger}`];
    return { name, lines: [...head, ...body, `  service: ${yamlText(service)}`] };
  }
  const share = ["  window: 10s", "  minSamples: 20"];
  return [
    ...(slow === undefined
      ? []
      : [
          scrape("request-times", "slow-responses", [
            `  probe: { ${page}, measure: slow-requests, metric: ${slow.metric}${ignore} } # found: a histogram; check: it counts seconds`,
            "  limit: 500ms",
            "  allowed: 5%",
            ...share,
          ]),
        ]),
    ...(errors === undefined
      ? []
      : [
          scrape("request-errors", "error-rate", [
            `  probe: { ${page}, measure: errors, metric: ${errors.metric}, statusLabel: ${errors.statusLabel}${ignore} } # found: requests by status`,
            "  limit: 5%",
            ...share,
          ]),
        ]),
    ...(waiting === undefined
      ? []
      : [
          scrape("pool", "pool-exhausted", [
            `  probe: { ${page}, measure: gauge, metric: ${waiting.metric} } # found: who waits for a connection`,
            "  limit: 0",
          ]),
        ]),
  ];
}

function connectionsSignal(name: string): DraftedSignal {
  const lines = [
    `- name: ${name}`,
    "  trigger: pool-exhausted",
    "  probe: { kind: postgres, measure: connections, interval: 5s, timeout: 2s } # all that PostgreSQL allows, taken by whomever",
    "  limit: 95%",
  ];
  return { name, lines };
}

function websocketSignal(name: string, { url, service, detail }: Endpoint): DraftedSignal {
  const lines = [
    `- name: ${name}`,
    "  trigger: websocket",
    `  probe: { kind: websocket, url: ${yamlText(url)}, interval: 5s, timeout: 3s } # found: ${remark(detail)}`,
    `  service: ${yamlText(service)}`,
  ];
  return { name, lines };
}
