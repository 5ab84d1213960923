import { assertNever } from "../model/assert-never.ts";
import { messageOf } from "../model/failure.ts";
import type { Reading } from "../model/sample.ts";
import type { Clock } from "../system/clock.ts";
import type { Answer, Http } from "../system/http.ts";
import type { MetricsFolders, MetricsPages } from "../system/metrics-folder.ts";
import { FAILURE_WORDS, tellRedirect, throttled } from "./exchange.ts";
import { type Exposition, MalformedMetrics, readExposition } from "./exposition.ts";
import { share, type Shared } from "./shared.ts";

/** What an application's metrics page gave; an application that gives none is not for that reason sick. */
export type Scraped = { readonly kind: "scraped"; readonly exposition: Exposition } | Reading;

/** Whose metrics, and how new they must be. */
export interface ScrapeTarget {
  readonly url: string;
  readonly timeoutMs: number;
  readonly maxAgeMs: number;
}

/** The metrics pages of the application, each scraped once for all signals that read it. */
export interface Scrapes {
  scrape(target: ScrapeTarget, signal: AbortSignal): Promise<Scraped>;
}

const MAX_BODY_BYTES = 4 * 1024 * 1024;
const LONGEST_DETAIL = 300;
/** For an address that answers, but not with metrics. */
const CURE = "correct its url, or remove the signal";

/** Scrapes that have seen nothing yet. */
export function openScrapes(ports: {
  readonly http: Http;
  readonly clock: Clock;
  readonly metricsFolders: MetricsFolders;
}): Scrapes {
  const pages = new Map<string, Shared<Scraped>>();

  function pageOf({ url, timeoutMs }: ScrapeTarget): Shared<Scraped> {
    // An answer can only be shared by those who wait equally long for it.
    const key = `${timeoutMs} ${url}`;
    const known = pages.get(key);
    if (known !== undefined) {
      return known;
    }
    const page = share(async (signal) => get({ url, timeoutMs }, signal), ports.clock);
    pages.set(key, page);
    return page;
  }

  async function get(
    { url, timeoutMs }: Omit<ScrapeTarget, "maxAgeMs">,
    signal: AbortSignal,
  ): Promise<Scraped> {
    const folder = folderOf(url);
    if (folder !== undefined) {
      return readPages(await ports.metricsFolders.read(folder, signal));
    }
    const headers = { accept: "text/plain; version=0.0.4" };
    const request = { url, timeoutMs, maxBodyBytes: MAX_BODY_BYTES, headers };
    return read(await ports.http.ask(request, signal));
  }

  return { scrape: async (target, signal) => pageOf(target).ask(target.maxAgeMs, signal) };
}

/** The folder of an address such as `dir:/run/app-metrics`; undefined of one that is asked over HTTP. */
export function folderOf(url: string): string | undefined {
  const { protocol, pathname } = new URL(url);
  return protocol === "dir:" ? decodeURIComponent(pathname) : undefined;
}

function readPages(pages: MetricsPages): Scraped {
  switch (pages.kind) {
    case "read":
      return readText(pages.text);
    case "none":
      return noMetrics(pages.detail);
    case "denied":
      return { kind: "absent", reason: "credentials", detail: pages.detail };
    default:
      return assertNever(pages);
  }
}

function read(answer: Answer): Scraped {
  switch (answer.kind) {
    case "local":
      return { kind: "absent", reason: answer.reason, detail: answer.detail };
    case "failed":
      return noMetrics(`${FAILURE_WORDS[answer.reason]} (${answer.detail})`);
    case "answered":
      return readPage(answer);
    default:
      return assertNever(answer);
  }
}

function readPage({ status, headers, body }: Extract<Answer, { kind: "answered" }>): Scraped {
  if (status === 429) {
    return throttled(headers);
  }
  if (status !== 200) {
    const why =
      status >= 300 && status < 400 ? tellRedirect(status, headers) : `it answered ${status}`;
    return noMetrics(`${why}; ${CURE}`);
  }
  return readText(body);
}

function readText(text: string): Scraped {
  try {
    return { kind: "scraped", exposition: readExposition(text) };
  } catch (error) {
    if (error instanceof MalformedMetrics) {
      return noMetrics(`${messageOf(error)}; ${CURE}`);
    }
    throw error;
  }
}

/** Nothing to read there, and why. */
export function noMetrics(why: string): Reading {
  const detail = `no metrics: ${why}`.slice(0, LONGEST_DETAIL);
  return { kind: "absent", reason: "no-metrics", detail };
}
