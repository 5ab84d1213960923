/** One request as an access log tells it; a field is undefined where the log does not say. */
export interface LoggedRequest {
  readonly status: number;
  readonly seconds: number | undefined;
  /** Without its query. */
  readonly route: string | undefined;
  readonly address: string | undefined;
  readonly userAgent: string | undefined;
}

/** What a line is: a request, something else that a log may hold, or nothing that can be read. */
export type AccessLine =
  | { readonly kind: "request"; readonly request: LoggedRequest }
  | { readonly kind: "other" }
  | { readonly kind: "unreadable" };

/** Names of the fields of a JSON log, dots between levels; those that are absent are found by trial. */
export interface JsonFields {
  readonly status?: string | undefined;
  readonly duration?: string | undefined;
  readonly durationUnit?: "s" | "ms" | "us" | "ns" | undefined;
  readonly route?: string | undefined;
  readonly address?: string | undefined;
  readonly userAgent?: string | undefined;
}

const LONGEST_LINE = 32 * 1024;
const UNREADABLE: AccessLine = { kind: "unreadable" };
const OTHER: AccessLine = { kind: "other" };

/** Address, identity, user, time and request; the request as its server escaped it. */
const HEAD = /^(\S+) \S+ .{0,256}?\[[^\]]{1,64}\] "((?:[^"\\]|\\.)*)" (\d{3}) (?:\d+|-)/u;
/** Where the request came from, and the user agent. */
const QUOTED = /^ "(?:[^"\\]|\\.)*" "((?:[^"\\]|\\.)*)"/u;
/** The time that a server adds at the end, bare or behind a name such as `rt=`. */
const SECONDS = /^ "?(?:[a-z_]+=)?"?(\d+(?:\.\d+)?)"?(?: |$)/u;

/** A line of nginx's or Apache's `combined`, or of the shorter `common`; with `isTimed` its seconds follow. */
export function readCombined(line: string, isTimed: boolean): AccessLine {
  const head = line.length > LONGEST_LINE ? null : HEAD.exec(line);
  if (head === null) {
    return UNREADABLE;
  }
  const [all, address, request = "", status] = head;
  const { userAgent, seconds } = tailOf(line.slice(all.length));
  const route = routeOf(request);
  return isTimed && seconds === undefined
    ? UNREADABLE
    : {
        kind: "request",
        request: {
          status: Number(status),
          address,
          userAgent,
          route,
          seconds: isTimed ? seconds : undefined,
        },
      };
}

function tailOf(text: string): Pick<LoggedRequest, "userAgent" | "seconds"> {
  const quoted = QUOTED.exec(text);
  const rest = text.slice(quoted?.[0].length ?? 0);
  return { userAgent: quoted?.[1], seconds: toNumber(SECONDS.exec(rest)?.[1]) };
}

/** Where pino-http, nginx, morgan and Caddy keep what is needed, the surest first. */
const TRIALS = {
  status: ["res.statusCode", "status", "statusCode", "status_code", "response.status"],
  route: ["req.url", "request_uri", "url", "path", "uri", "request.uri", "request"],
  address: [
    "req.remoteAddress",
    "remote_addr",
    "remoteAddr",
    "remote-addr",
    "request.remote_ip",
    "ip",
  ],
  userAgent: [
    "req.headers.user-agent",
    "http_user_agent",
    "userAgent",
    "user_agent",
    "user-agent",
    "request.headers.User-Agent.0",
  ],
} as const;

/** Durations by their unit in seconds: pino-http and morgan count milliseconds, nginx and Caddy seconds. */
const DURATIONS: readonly (readonly [field: string, factor: number])[] = [
  ["responseTime", 0.001],
  ["response-time", 0.001],
  ["response_time", 0.001],
  ["request_time", 1],
  ["duration_ms", 0.001],
  ["duration", 1],
];

const FACTORS = { s: 1, ms: 0.001, us: 1e-6, ns: 1e-9 } as const;

/** A line of JSON. One without a status is no request; nor is one that was not told where its status stands, and has no route. */
export function readJson(line: string, fields: JsonFields): AccessLine {
  const value = line.length > LONGEST_LINE ? undefined : parse(line);
  if (typeof value !== "object" || value === null) {
    return UNREADABLE;
  }
  const status = toNumber(fieldOf(value, fields.status, TRIALS.status));
  const route = routeOf(toText(fieldOf(value, fields.route, TRIALS.route)) ?? "");
  const isRequest = isStatus(status) && (route !== undefined || fields.status !== undefined);
  return isRequest
    ? {
        kind: "request",
        request: {
          status,
          route,
          seconds: secondsOf(value, fields),
          address: toText(fieldOf(value, fields.address, TRIALS.address)),
          userAgent: toText(fieldOf(value, fields.userAgent, TRIALS.userAgent)),
        },
      }
    : OTHER;
}

function isStatus(status: number | undefined): status is number {
  return status !== undefined && status >= 100 && status <= 599;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function secondsOf(value: object, { duration, durationUnit }: JsonFields): number | undefined {
  const known = DURATIONS.filter(([field]) => duration === undefined || field === duration);
  const given: typeof DURATIONS = duration === undefined ? [] : [[duration, 0.001]];
  for (const [field, factor] of known.length === 0 ? given : known) {
    const number = toNumber(at(value, field));
    if (number !== undefined) {
      return number * (durationUnit === undefined ? factor : FACTORS[durationUnit]);
    }
  }
  return undefined;
}

function fieldOf(value: object, name: string | undefined, trials: readonly string[]): unknown {
  for (const path of name === undefined ? trials : [name]) {
    const found = at(value, path);
    if (found !== undefined && found !== null && typeof found !== "object") {
      return found;
    }
  }
  return undefined;
}

/** What stands at a dotted path: own properties alone. A name that holds dots itself is tried first. */
function at(value: object, path: string): unknown {
  const whole = Object.getOwnPropertyDescriptor(value, path);
  if (whole !== undefined) {
    return whole.value;
  }
  let current: unknown = value;
  for (const key of path.split(".")) {
    if (typeof current !== "object" || current === null) {
      return undefined;
    }
    current = Object.getOwnPropertyDescriptor(current, key)?.value;
  }
  return current;
}

/** A number that counts something, also written as text or with its unit as morgan does. */
function toNumber(value: unknown): number | undefined {
  const number = typeof value === "string" && value !== "" ? Number.parseFloat(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function toText(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Of `GET /path?query HTTP/1.1`, or of the path alone. */
function routeOf(request: string): string | undefined {
  const words = request.split(" ");
  const target = words.length > 1 ? words[1] : words[0];
  const route = target?.split("?")[0];
  return route?.startsWith("/") === true ? route : undefined;
}
