import { z } from "zod";
import type { ErrorSignature, LogHealth } from "../model/health.ts";
import type { LogTail } from "../system/logs.ts";

/** What was read of a service's output or error output. */
export interface LogRead extends LogTail {
  readonly stream: "out" | "error";
}

const MAX_SIGNATURES = 200;
const MAX_CHARACTERS = 200;
/** All texts together: they are journaled with every release that is proven. */
const MAX_BYTES = 40_000;
/** A line longer than this is cut before anything is looked for in it. */
const MAX_LINE = 10_000;
/** Characters that are looked through at a stretch: a few milliseconds of work. */
const STRETCH = 64 * 1024;
/** pino's number for an error. */
const ERROR_LEVEL = 50;
const ERROR_WORDS = /^(err|error|fatal|crit|critical|alert|emerg|emergency|panic)$/iu;

/** One line of a structured log, by the names that the usual loggers and pm2 give its parts. */
const StructuredLine = z.object({
  level: z.union([z.number(), z.string()]).optional().catch(undefined),
  severity: z.string().optional().catch(undefined),
  msg: z.string().optional().catch(undefined),
  message: z.string().optional().catch(undefined),
  error: z
    .union([z.string(), z.object({ message: z.string() }).transform((error) => error.message)])
    .optional()
    .catch(undefined),
  err: z
    .object({ message: z.string() })
    .transform((error) => error.message)
    .optional()
    .catch(undefined),
  time: z.union([z.number(), z.string()]).optional().catch(undefined),
  timestamp: z.union([z.number(), z.string()]).optional().catch(undefined),
});

/** A line's error in words, if it is one, and when it was written, if it says so. */
interface LineSense {
  readonly error?: string;
  readonly at?: number;
}

/**
 * The kinds of errors in what was read, the most frequent first. A line that tells its time counts from `since` on (ms since
 * the epoch); one that does not has the time of the line before it, and where none is known counts when it is fresh. `rest`
 * is awaited again and again in much text: probes that wait for their turn meanwhile would be void.
 */
export async function errorSignatures(
  reads: readonly LogRead[],
  since: number,
  rest: () => Promise<void>,
): Promise<LogHealth> {
  const counts = new Map<string, number>();
  for (const read of reads) {
    await countErrors(read, since, { counts, rest });
  }
  const signatures: readonly ErrorSignature[] = [...counts]
    .map(([text, count]) => ({ text, count }))
    .toSorted((a, b) => b.count - a.count);
  const kept = withinLimits(signatures);
  const isCut = kept.length < signatures.length || reads.some((read) => read.isCut);
  return { kind: "known", signatures: [...kept], isCut };
}

async function countErrors(
  { lines, stream }: LogRead,
  since: number,
  to: { readonly counts: Map<string, number>; readonly rest: () => Promise<void> },
): Promise<void> {
  const { counts, rest } = to;
  let at: number | undefined;
  let seen = 0;
  for (const line of lines) {
    const sense = senseOf(line.text.slice(0, MAX_LINE), stream);
    at = sense.at ?? at;
    const counted = at === undefined ? line.isFresh : at >= since;
    if (sense.error !== undefined && counted) {
      const text = signatureOf(sense.error);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    seen += line.text.length;
    if (seen >= STRETCH) {
      seen = 0;
      await rest();
    }
  }
}

function withinLimits(signatures: readonly ErrorSignature[]): readonly ErrorSignature[] {
  const encoder = new TextEncoder();
  let bytes = 0;
  return signatures.slice(0, MAX_SIGNATURES).filter(({ text }) => {
    bytes += encoder.encode(text).length;
    return bytes <= MAX_BYTES;
  });
}

/** A message without what differs from one occurrence to the next, and without what may be a person's or a secret. */
export function signatureOf(message: string): string {
  let text = message.trim();
  for (const [pattern, name] of REPLACED) {
    text = text.replace(pattern, name);
  }
  return text.slice(0, MAX_CHARACTERS);
}

/** In this order: a timestamp is more than its numbers. */
const REPLACED: readonly (readonly [RegExp, string])[] = [
  // oxlint-disable-next-line no-control-regex -- colours are control characters
  [/\u001B\[[0-9;]*[A-Za-z]/gu, ""],
  [/\p{Cc}+/gu, " "],
  [
    /\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?/gu,
    "<time>",
  ],
  [/\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b/gu, "<time>"],
  [/\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/giu, "<uuid>"],
  [/\b(Bearer|Basic)\s+\S+/giu, "<secret>"],
  [/:\/\/[^\s/@]+@/gu, "://<credentials>@"],
  // Only from the begin of a word: else a long one is looked through anew from each of its letters.
  [/(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+/gu, "<address>"],
  [/\b(\w*(?:password|passwd|secret|token|api_?key|authorization))\s*[=:]\s*\S+/giu, "$1=<secret>"],
  [/"[^"]*"|`[^`]*`/gu, "<value>"],
  // Not the apostrophe of a word.
  [/(?<!\w)'[^']*'(?!\w)/gu, "<value>"],
  [/\b0x[0-9a-f]+\b/giu, "<hex>"],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b/giu, "<hex>"],
  [/(?<![\w/.-])(?=[\w-]*\d)(?=[\w-]*[A-Za-z])[\w-]{24,}(?![\w/.-])/gu, "<token>"],
  [/\d+(?:\.\d+)?/gu, "#"],
];

/** The time that a line begins with, as pm2 and most loggers write it. */
const LEADING_TIME =
  /^\[?(\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:?\d{2})?)\]?:?\s*/u;

function senseOf(line: string, stream: LogRead["stream"]): LineSense {
  const leading = LEADING_TIME.exec(line);
  const rest = leading === null ? line : line.slice(leading[0].length);
  const at = timeOf(leading?.[1]);
  const structured = rest.startsWith("{") ? parse(rest) : undefined;
  const sense: LineSense =
    structured === undefined ? ofPlain(rest, stream) : ofStructured(structured, stream);
  return { ...(at === undefined ? {} : { at }), ...sense };
}

function ofPlain(line: string, stream: LogRead["stream"]): LineSense {
  // What is indented, or has no word in it, goes on with the line before: a stack, a dump of an object.
  const isContinued = /^\s/u.test(line) || !/\p{L}{2}/u.test(line);
  return stream === "out" || isContinued ? {} : { error: line };
}

function ofStructured(line: z.infer<typeof StructuredLine>, stream: LogRead["stream"]): LineSense {
  const at = timeOf(line.time ?? line.timestamp);
  const when = at === undefined ? {} : { at };
  const level = line.level ?? line.severity;
  if (level === undefined ? stream === "out" : !isError(level)) {
    return when;
  }
  const error = line.msg ?? line.message ?? line.error ?? line.err ?? "an error without a message";
  return { ...when, error };
}

function isError(level: number | string): boolean {
  return typeof level === "number" ? level >= ERROR_LEVEL : ERROR_WORDS.test(level);
}

function parse(line: string): z.infer<typeof StructuredLine> | undefined {
  try {
    return StructuredLine.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Milliseconds since the epoch of a number of seconds or milliseconds, or of a date; a date without a zone is of this host. */
function timeOf(value: number | string | undefined): number | undefined {
  if (value === undefined) {
    return undefined;
  }
  const seconds = 1e11;
  const at =
    typeof value === "number" ? value * (value < seconds ? 1000 : 1) : Date.parse(isoOf(value));
  return Number.isNaN(at) ? undefined : at;
}

function isoOf(text: string): string {
  return text.replace(" ", "T").replace(",", ".");
}
