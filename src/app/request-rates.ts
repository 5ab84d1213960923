import type { Config } from "../config/schema.ts";
import { type ProbeSettings, traitsOf } from "../observe/probes/index.ts";

const MINUTE_MS = 60_000;
/** How often the release id is asked for. */
const SERVED_EVERY_MS = 5000;

/** What is asked of one origin while nothing is wrong. */
export interface RequestRate {
  /** Such as `http://127.0.0.1:3000`. */
  readonly origin: string;
  readonly perMinute: number;
  /** Its addresses, the one that is asked most often first; each with the signal that asks, absent for the release id. */
  readonly pages: readonly RequestedPage[];
}

/** One address that is asked again and again. */
interface RequestedPage {
  readonly url: string;
  readonly intervalMs: number;
  readonly signal?: string;
}

/** What the probes ask of each address when nothing is wrong; signals that read the same page share it. */
export function requestRates(config: Config): readonly RequestRate[] {
  const origins = new Map<string, RequestedPage[]>();
  for (const page of pagesOf(config)) {
    const { origin } = new URL(page.url);
    origins.set(origin, [...(origins.get(origin) ?? []), page]);
  }
  return [...origins].map(([origin, pages]) => ({
    origin,
    perMinute: perMinute(pages),
    pages: pages.toSorted((one, other) => one.intervalMs - other.intervalMs),
  }));
}

function pagesOf({ application, signals }: Config): readonly RequestedPage[] {
  const pages = new Map<string, RequestedPage>();
  for (const { name, probe } of signals) {
    for (const [place, url] of addressesOf(probe).entries()) {
      const key = probe.kind === "scrape" ? `${probe.timeout} ${url}` : `${name} ${place}`;
      const intervalMs = Math.min(probe.interval, pages.get(key)?.intervalMs ?? Infinity);
      pages.set(key, { url, intervalMs, signal: name });
    }
  }
  const served = application.releaseIdFrom;
  return served === undefined
    ? [...pages.values()]
    : [...pages.values(), { url: served.url, intervalMs: SERVED_EVERY_MS }];
}

/** Every address that one run of a probe asks. */
function addressesOf(probe: ProbeSettings): readonly string[] {
  const { url, alsoAsks = [] } = traitsOf(probe, 0);
  return url === undefined ? [] : [url, ...alsoAsks];
}

function perMinute(pages: readonly RequestedPage[]): number {
  let sum = 0;
  for (const { intervalMs } of pages) {
    sum += MINUTE_MS / intervalMs;
  }
  return sum;
}
