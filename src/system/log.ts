import { destination, pino } from "pino";
import type { Logger } from "pino";

/** The log that people read to debug the daemon; facts go to the journal. */
export type Log = Logger;

/** How the log is written. */
interface LogOptions {
  readonly level: "debug" | "info" | "warn" | "error" | "silent";
  /** Values that must never be written, wherever they turn up; those under four characters are not searched for. */
  readonly secrets: readonly string[];
  /** File descriptor to write to; 1 is stdout. */
  readonly fd: number;
}

const SHORTEST_SECRET = 4;
const REDACTED = "[redacted]";
const SECRET_KEY = /password|passwd|token|secret|authorization|cookie|credential|api[-_]?key/iu;
const URL_CREDENTIALS = /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']*@/giu;

/** Opens the log. Lines are JSON and written at once, so that none is lost when the process dies. */
export function openLog(options: LogOptions): Log {
  const secrets = options.secrets.flatMap(spellings);
  return pino(
    {
      level: options.level,
      base: null,
      hooks: { streamWrite: (line) => `${JSON.stringify(redact(JSON.parse(line), secrets))}\n` },
    },
    destination({ fd: options.fd, sync: true }),
  );
}

/** A secret as it stands in plain text and in a URL. */
function spellings(secret: string): readonly string[] {
  return secret.length < SHORTEST_SECRET ? [] : [secret, encodeURIComponent(secret)];
}

/** Hides each of the secrets, as it is and as it stands in a URL, and the credentials of every address. */
export function hideSecrets(secrets: readonly string[]): (text: string) => string {
  const all = secrets.flatMap(spellings);
  return (text) => redactText(text, all);
}

function redact(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === "string") {
    return redactText(value, secrets);
  }
  if (Array.isArray(value)) {
    return value.map((inner) => redact(inner, secrets));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      SECRET_KEY.test(key) ? REDACTED : redact(inner, secrets),
    ]),
  );
}

function redactText(text: string, secrets: readonly string[]): string {
  let safe = text.replaceAll(URL_CREDENTIALS, `$1${REDACTED}@`);
  for (const secret of secrets) {
    safe = safe.replaceAll(secret, REDACTED);
  }
  return safe;
}
