import { isAbsolute } from "node:path";
import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Followed } from "../../system/log-follower.ts";
import type { Logs } from "../../system/logs.ts";
import { countRequests, type Counting } from "../access-counts.ts";
import type { Probe } from "../probe.ts";
import { createReadability, type Readability } from "../readability.ts";
import { noMetrics } from "../scrapes.ts";

const Names = z.array(z.string().min(1)).default([]);

/** Reads the requests that others made from the log of a server in front, or of the application. */
export const AccessLogProbeSettings = z.strictObject({
  kind: z.literal("access-log"),
  /** The logs, absolute; several where each worker or site has its own. */
  files: z.array(z.string().refine(isAbsolute, "expected an absolute path")).min(1),
  /**
   * `combined` (nginx, Apache, morgan), `combined-timed` (the seconds of the request after it: nginx's $request_time) or `json`
   * (pino-http, nginx, morgan, Caddy: one object a line).
   */
  format: z.enum(["combined", "combined-timed", "json"]),
  /** `errors`: requests answered with 5xx; `slow-requests`: those that took longer than the limit. Both as a share of all. */
  measure: z.enum(["errors", "slow-requests"]),
  /** Of `json`: the names of the fields, dots between levels. Default: found by trial. */
  fields: z
    .strictObject({
      status: z.string().min(1).optional(),
      duration: z.string().min(1).optional(),
      durationUnit: z.enum(["s", "ms", "us", "ns"]).optional(),
      route: z.string().min(1).optional(),
      address: z.string().min(1).optional(),
      userAgent: z.string().min(1).optional(),
    })
    .default({}),
  /** Requests that are not counted; rollwatch's own never are, where the log tells the user agent. Default none. */
  ignore: z
    .strictObject({
      /** Paths; with `*` at the end all that begin so. */
      routes: Names,
      addresses: Names,
      /** Beginnings of user agents. */
      userAgents: Names,
    })
    .prefault({}),
  /** Time between two looks. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** Longest time for one look. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
});
export type AccessLogProbeSettings = z.infer<typeof AccessLogProbeSettings>;

/** Where the logs lie, and what counts as slow (seconds). */
export interface AccessLogProbePorts {
  readonly logs: Pick<Logs, "follow">;
  readonly limit: number;
}

/** A probe that counts the requests since its last look, from the end that the logs had at the first one. */
export function createAccessLogProbe(
  name: string,
  settings: AccessLogProbeSettings,
  { logs, limit }: AccessLogProbePorts,
): Probe {
  const followers = settings.files.map((file) => logs.follow(file));
  const readability = createReadability();
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: settings.interval,
    timeoutMs: settings.timeout,
    sample: async (signal) => {
      const looks = await Promise.all(followers.map(async (one) => one.next(signal)));
      return readingOf(looks, settings, { limit, readability });
    },
  };
}

function readingOf(
  looks: readonly Followed[],
  settings: AccessLogProbeSettings,
  { limit, readability }: { readonly limit: number; readonly readability: Readability },
): Reading {
  const denied = looks.find((one) => one.kind === "denied");
  if (denied !== undefined) {
    return { kind: "absent", reason: "credentials", detail: denied.detail };
  }
  const followed = looks.filter((one) => one.kind === "followed");
  const files = settings.files.join(", ");
  if (followed.length === 0) {
    return noMetrics(`there is no file ${files}`);
  }
  // The first look counts nothing, but shows whether the lines can be read at all.
  const earlier = countRequests(
    followed.flatMap((one) => one.earlier),
    settings,
    limit,
  );
  const now = countRequests(
    followed.flatMap((one) => one.lines),
    settings,
    limit,
  );
  const why =
    whyUnusable(earlier, settings, readability) ?? whyUnusable(now, settings, readability);
  return why === undefined
    ? measured(now, {
        hasSkipped: followed.some((one) => one.skippedBytes > 0),
        bad:
          settings.measure === "errors"
            ? "failed (5xx)"
            : `took over ${tellDuration(limit * 1000)}`,
      })
    : noMetrics(`${files}: ${why}`);
}

/** An access log holds nothing but requests; an application's own log also other text, such as the stack of an error. */
const LEAST_READABLE = { combined: 0.5, "combined-timed": 0.5, json: 0.01 } as const;

function whyUnusable(
  { counts, ignored, untimed, others, unreadable }: Counting,
  { format }: AccessLogProbeSettings,
  readability: Readability,
): string | undefined {
  const lines = counts.total + ignored + untimed + others + unreadable;
  if (readability.isBelow(LEAST_READABLE[format], { lines, unreadable })) {
    return `most of its lines are not of the format ${format}`;
  }
  return untimed > 0 && counts.total === 0 ? "its requests tell no duration" : undefined;
}

function measured(
  { counts, ignored, untimed, others, unreadable }: Counting,
  more: { readonly hasSkipped: boolean; readonly bad: string },
): Reading {
  const { bad, total } = counts;
  const parts = [
    `${bad} of ${total} requests ${more.bad}`,
    ...tellSome(ignored, "left out"),
    ...tellSome(untimed, "without a duration"),
    ...tellSome(others, "lines were no requests"),
    ...tellSome(unreadable, "lines could not be read"),
    ...(more.hasSkipped ? ["older lines were passed over or lost with a rotation"] : []),
  ];
  return {
    kind: "measured",
    value: total === 0 ? 0 : bad / total,
    detail: parts.join("; "),
    counts,
  };
}

function tellSome(count: number, what: string): readonly string[] {
  return count > 0 ? [`${count} ${what}`] : [];
}
