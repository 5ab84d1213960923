import type { Counts } from "../model/sample.ts";
import {
  type AccessLine,
  type JsonFields,
  type LoggedRequest,
  readCombined,
  readJson,
} from "./access-line.ts";

/** How lines are read, and which requests are counted. */
export interface AccessLogFormat {
  readonly format: "combined" | "combined-timed" | "json";
  readonly measure: "errors" | "slow-requests";
  readonly fields: JsonFields;
  readonly ignore: {
    readonly routes: readonly string[];
    readonly addresses: readonly string[];
    readonly userAgents: readonly string[];
  };
}

/** The requests of some lines, and what was not counted. */
export interface Counting {
  readonly counts: Counts;
  /** Requests that are left out, such as rollwatch's own. */
  readonly ignored: number;
  /** Requests that do not tell what is measured. */
  readonly untimed: number;
  /** Lines that are no requests, but may well stand in such a log. */
  readonly others: number;
  readonly unreadable: number;
}

/** As rollwatch names itself in each of its requests. */
const OWN_AGENT = "rollwatch";
/** Not a request that was answered, but a connection that was kept open for as long as it was used. */
const SWITCHED_PROTOCOLS = 101;

/** Counts the requests of a log, and those that were bad; `limit` in seconds. */
export function countRequests(
  lines: readonly string[],
  format: AccessLogFormat,
  limit: number,
): Counting {
  const read = lines.filter((line) => line.trim() !== "").map((line) => readLine(line, format));
  const requests = read.flatMap((one) => (one.kind === "request" ? [one.request] : []));
  const counted = requests.filter((one) => isCounted(one, format));
  const told = counted.filter((one) => format.measure === "errors" || one.seconds !== undefined);
  return {
    counts: {
      bad: told.filter((one) => isBad(one, format.measure, limit)).length,
      total: told.length,
    },
    ignored: requests.length - counted.length,
    untimed: counted.length - told.length,
    others: read.filter((one) => one.kind === "other").length,
    unreadable: read.filter((one) => one.kind === "unreadable").length,
  };
}

function readLine(line: string, { format, fields }: AccessLogFormat): AccessLine {
  return format === "json"
    ? readJson(line, fields)
    : readCombined(line, format === "combined-timed");
}

function isCounted(request: LoggedRequest, { ignore }: AccessLogFormat): boolean {
  const { status, route, address = "", userAgent = "" } = request;
  const isLeftOut =
    status === SWITCHED_PROTOCOLS ||
    ignore.addresses.includes(address) ||
    [OWN_AGENT, ...ignore.userAgents].some((one) => userAgent.startsWith(one)) ||
    ignore.routes.some((one) => route !== undefined && isRoute(route, one));
  return !isLeftOut;
}

function isRoute(route: string, pattern: string): boolean {
  return pattern.endsWith("*") ? route.startsWith(pattern.slice(0, -1)) : route === pattern;
}

function isBad(
  { status, seconds = 0 }: LoggedRequest,
  measure: AccessLogFormat["measure"],
  limit: number,
): boolean {
  return measure === "errors" ? status >= 500 : seconds > limit;
}
