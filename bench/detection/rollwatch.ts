import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { stringify } from "yaml";
import { ROOT } from "../../lab/environment.ts";
import { openJournalReader } from "../../lab/journal-reader.ts";
import type { Lab } from "../../lab/lab.ts";
import { PM2_PROGRAM } from "../../lab/pm2-home.ts";
import { type Program, startProgram } from "../../lab/program.ts";
import type { Entry } from "../../src/model/facts.ts";
import type { Pace } from "./cases.ts";
import type { Addresses, Observer } from "./observer.ts";
import type { Target } from "./target.ts";

const READY_LIMIT_MS = 30_000;
const TRIGGERS = ["system-down", "slow-responses", "error-rate", "websocket"];

/** Starts rollwatch's built program on the target; a decision is a breach in its journal. It only watches (mode `shadow`). */
export async function startRollwatch(
  lab: Lab,
  { target, pace, addresses, name = "rollwatch", confirm = {} }: Watch,
): Promise<Observer> {
  const folder = path.join(lab.folder, name);
  const file = path.join(folder, "rollwatch.yaml");
  const state = path.join(folder, "state");
  const listen = `127.0.0.1:${await lab.port()}`;
  await mkdir(state, { recursive: true, mode: 0o700 });
  const signals =
    addresses === undefined ? signalsOf(target, pace, confirm) : signalsAt(addresses, pace);
  const configuration = { ...configurationFor(target), signals, server: { listen }, state };
  await writeFile(file, stringify(configuration), { mode: 0o600 });
  const main = path.join(ROOT, "dist", "main.js");
  const args = ["--max-semi-space-size=1", main, "run", "--config", file];
  const daemon = await startProgram(lab, { name, program: process.execPath, args, folder });
  await untilReady(listen, daemon);
  return {
    name,
    pids: [daemon.pid],
    decisions: async () =>
      (await entriesOf(state))
        .filter(({ fact }) => fact.kind === "incident-opened")
        .map(({ at }) => at),
    isCalm: async () => {
      const entries = await entriesOf(state);
      return countOf(entries, "incident-opened") === countOf(entries, "closed");
    },
    log: async () => daemon.log(),
  };
}

/** `confirm`: how the signals whose single samples are judged are confirmed faster. */
interface Watch {
  readonly target: Target;
  readonly pace: Pace;
  /** What is asked instead of the target. */
  readonly addresses?: Addresses;
  readonly name?: string;
  readonly confirm?: object;
}

function countOf(entries: readonly Entry[], kind: Entry["fact"]["kind"]): number {
  return entries.filter(({ fact }) => fact.kind === kind).length;
}

async function entriesOf(state: string): Promise<readonly Entry[]> {
  const reader = await openJournalReader(state);
  try {
    return reader?.entries() ?? [];
  } finally {
    reader?.close();
  }
}

function configurationFor({ root, pm2, service }: Target): object {
  return {
    application: {
      name: "target",
      root,
      pm2Home: pm2.folder,
      pm2Program: PM2_PROGRAM,
      source: "directory",
      artifacts: ["target.cjs"],
      services: [{ name: service, boot: "1s" }],
    },
    policy: { triggers: Object.fromEntries(TRIGGERS.map((one) => [one, { mode: "shadow" }])) },
    release: { bake: "1s", warm: false },
  };
}

function often({ intervalMs, timeoutMs }: Pace): object {
  return { interval: `${intervalMs}ms`, timeout: `${timeoutMs}ms` };
}

function signalsAt({ http, tcp }: Addresses, pace: Pace): readonly object[] {
  const probes = [
    ...http.map((url) => ({ kind: "http", url, ...often(pace) })),
    ...tcp.map((address) => ({ kind: "tcp", address, ...often(pace) })),
  ];
  return probes.map((probe, place) => ({
    name: `address-${place}`,
    trigger: "system-down",
    probe,
    breachAfter: pace.badProbes,
  }));
}

function signalsOf({ port }: Target, pace: Pace, confirm: object): readonly object[] {
  const api = `http://127.0.0.1:${port}`;
  const counted = { breachAfter: pace.badProbes };
  const judged = { ...counted, ...confirm };
  const asked = often(pace);
  return [
    {
      name: "api-health",
      trigger: "system-down",
      probe: { kind: "http", url: `${api}/health`, ...asked },
      ...judged,
    },
    { name: "services", trigger: "system-down", probe: { kind: "pm2", ...asked }, ...judged },
    {
      name: "response-time",
      trigger: "slow-responses",
      probe: { kind: "http", url: `${api}/health`, measure: "latency", ...asked },
      limit: "500ms",
      // So few that each single probe counts, as it does for the others.
      allowed: "0.5%",
      ...counted,
    },
    {
      name: "request-errors",
      trigger: "error-rate",
      probe: { kind: "scrape", url: `${api}/metrics`, measure: "errors", ...asked },
      limit: "5%",
      minSamples: 20,
      ...counted,
    },
    {
      name: "alerts-socket",
      trigger: "websocket",
      probe: { kind: "websocket", url: `ws://127.0.0.1:${port}/alerts`, ...asked },
      ...judged,
    },
  ];
}

async function untilReady(listen: string, daemon: Program): Promise<void> {
  const limit = AbortSignal.timeout(READY_LIMIT_MS);
  while (!(await isReady(listen, limit))) {
    if (limit.aborted) {
      throw new Error(`rollwatch is not ready\n${await daemon.log()}`);
    }
    await sleep(100);
  }
}

async function isReady(listen: string, limit: AbortSignal): Promise<boolean> {
  return fetch(`http://${listen}/readyz`, { signal: limit }).then(
    ({ ok }) => ok,
    () => false,
  );
}
