/** What an answer says of the limiter in front of it; a part is undefined where it does not say. */
export interface RateLimit {
  /** Requests in a window. */
  readonly limit: number | undefined;
  readonly windowMs: number | undefined;
  readonly remaining: number | undefined;
  /** Until the window ends. */
  readonly resetMs: number | undefined;
  /** The headers that it was read from, such as `ratelimit-limit: 100`. */
  readonly told: readonly string[];
}

const NAMES = /^(?:x-)?ratelimit(?:-policy|-limit|-remaining|-reset)?$|^retry-after$/iu;
/** A larger number is a moment in seconds since the epoch, not a time from now. */
const LONGEST_RESET_S = 366 * 24 * 3600;

/**
 * Reads the headers of a limiter: `RateLimit-Limit` and its like with or without `X-`, `RateLimit` and `RateLimit-Policy` of
 * the newer drafts, `Retry-After`. Undefined where none of them is there. `now`: ms since the epoch.
 */
export function readRateLimit(
  headers: Readonly<Record<string, string>>,
  now: number,
): RateLimit | undefined {
  const known = Object.entries(headers).filter(([name]) => NAMES.test(name));
  if (known.length === 0) {
    return undefined;
  }
  const values = new Map(
    known.map(([name, value]) => [name.toLowerCase().replace(/^x-/u, ""), value]),
  );
  function read(header: string, ...parameters: readonly string[]): number | undefined {
    const value = values.get(header) ?? "";
    return parameters.length === 0 ? numberOf(value) : parameter(value, parameters);
  }
  const window = first(read("ratelimit-policy", "w"), read("ratelimit-limit", "w"));
  return {
    limit: first(
      read("ratelimit-limit"),
      read("ratelimit", "limit"),
      read("ratelimit-policy", "q"),
      read("ratelimit-policy"),
    ),
    windowMs: window === undefined ? undefined : window * 1000,
    remaining: first(read("ratelimit-remaining"), read("ratelimit", "remaining", "r")),
    resetMs: resetOf(
      first(read("ratelimit-reset"), read("ratelimit", "reset", "t"), read("retry-after")),
      now,
    ),
    told: known.map(([name, value]) => `${name}: ${value}`.slice(0, 100)),
  };
}

function first(...numbers: readonly (number | undefined)[]): number | undefined {
  return numbers.find((one) => one !== undefined);
}

/** The number that a value begins with. */
function numberOf(value = ""): number | undefined {
  const [text] = /^\d+(?:\.\d+)?/u.exec(value.trim()) ?? [];
  return text === undefined ? undefined : Number(text);
}

/** The number of a parameter such as `w=900`. */
function parameter(value: string, names: readonly string[]): number | undefined {
  for (const part of value.split(/[;,]/u)) {
    const [name = "", text] = part.trim().split("=");
    if (names.includes(name)) {
      return numberOf(text);
    }
  }
  return undefined;
}

function resetOf(seconds: number | undefined, now: number): number | undefined {
  if (seconds === undefined) {
    return undefined;
  }
  const ms = seconds * 1000;
  return seconds > LONGEST_RESET_S ? Math.max(0, ms - now) : ms;
}
