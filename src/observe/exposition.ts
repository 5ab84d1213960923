/** One line of an application's metrics. `key` is the same for the same labels in any order. */
export interface Series {
  readonly key: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

/** An application's metrics, in Prometheus' text format or OpenMetrics; a metric is parsed when it is asked for. */
export interface Exposition {
  /** Whether the metric is there, be it without a single series yet. */
  declares(name: string): boolean;
  /** The series of this exact name, of equal ones the first. Throws `MalformedMetrics`. */
  series(name: string): readonly Series[];
}

/** Metrics that cannot be read; the message is evidence for people. */
export class MalformedMetrics extends Error {}

/** More lines than this are nobody's metrics, and would hold rollwatch up. */
const MAX_LINES = 100_000;
const MAX_LINE_CHARACTERS = 64 * 1024;
const LONGEST_QUOTE = 60;

const NAME = /[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)/uy;
const TYPE = /^[ \t]*#[ \t]+TYPE[ \t]+([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]/u;
const ENDING = /_(?:total|count|bucket)$/u;
const END = /^[ \t]*#[ \t]+EOF[ \t\r]*$/u;
const OPEN = /[ \t]*\{/uy;
const LABEL =
  /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*(?:,|(?=\}))/uy;
const CLOSE = /[ \t]*\}/uy;
/** The value, perhaps a timestamp, perhaps an exemplar. */
const VALUE = /[ \t]*([^ \t\r#{]+)(?:[ \t]+-?[0-9.eE+-]+)?[ \t\r]*(?:#.*)?$/uy;
const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/u;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ["nan", Number.NaN],
  ["inf", Infinity],
  ["+inf", Infinity],
  ["-inf", -Infinity],
]);

/** Reads metrics that an application wrote, which may be anything. Throws `MalformedMetrics`. */
export function readExposition(text: string): Exposition {
  const declared = new Set<string>();
  const lines = new Map<string, string[]>();
  let count = 0;
  for (const line of linesOf(text)) {
    count += 1;
    if (count > MAX_LINES) {
      throw new MalformedMetrics(`there are more than ${MAX_LINES} lines`);
    }
    if (END.test(line)) {
      break;
    }
    const type = TYPE.exec(line)?.[1];
    if (type !== undefined) {
      declared.add(type);
    } else if (!isSilent(line)) {
      const name = match(NAME, line, 0)?.[1];
      if (name === undefined) {
        throw new MalformedMetrics(`line ${count} is no metric: ${quote(line)}`);
      }
      const same = lines.get(name);
      if (same === undefined) {
        lines.set(name, [line]);
      } else {
        same.push(line);
      }
    }
  }
  return {
    // Endings are no part of what is declared: those of a histogram, and in OpenMetrics that of a counter.
    declares: (name) =>
      lines.has(name) || declared.has(name) || declared.has(name.replace(ENDING, "")),
    series: (name) => seriesOf(lines.get(name) ?? []),
  };
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length;) {
    const end = text.indexOf("\n", start);
    yield text.slice(start, end === -1 ? text.length : end);
    start = end === -1 ? text.length : end + 1;
  }
}

/** Whether a line is empty or a comment. */
function isSilent(line: string): boolean {
  const first = line.trimStart();
  return first === "" || first.startsWith("#");
}

function seriesOf(lines: readonly string[]): readonly Series[] {
  const found = new Map<string, Series>();
  for (const line of lines) {
    const series = parseLine(line);
    if (!found.has(series.key)) {
      found.set(series.key, series);
    }
  }
  return [...found.values()];
}

function parseLine(line: string): Series {
  if (line.length > MAX_LINE_CHARACTERS) {
    throw new MalformedMetrics(`a line of the metrics is too long: ${quote(line)}`);
  }
  const { labels, end } = readLabels(line, match(NAME, line, 0)?.[0].length ?? 0);
  const value = toNumber(match(VALUE, line, end)?.[1] ?? "");
  if (value === undefined) {
    throw new MalformedMetrics(`a line of the metrics cannot be read: ${quote(line)}`);
  }
  return { key: keyOf(labels), labels, value };
}

/** The labels from `start` on, perhaps none, and where they end: nowhere when their brace is not closed. */
function readLabels(
  line: string,
  start: number,
): { readonly labels: ReadonlyMap<string, string>; readonly end: number } {
  const labels = new Map<string, string>();
  const open = match(OPEN, line, start);
  if (open === null) {
    return { labels, end: start };
  }
  let end = start + open[0].length;
  for (let label = match(LABEL, line, end); label !== null; label = match(LABEL, line, end)) {
    const [all, name = "", text = ""] = label;
    labels.set(name, unescape(text));
    end += all.length;
  }
  const close = match(CLOSE, line, end);
  return { labels, end: close === null ? line.length : end + close[0].length };
}

/** The match of a sticky pattern that begins at `place`. */
function match(pattern: RegExp, line: string, place: number): RegExpExecArray | null {
  pattern.lastIndex = place;
  return pattern.exec(line);
}

function unescape(text: string): string {
  return text.includes("\\")
    ? text.replaceAll(/\\(.)/gu, (_all, char: string) => (char === "n" ? "\n" : char))
    : text;
}

function toNumber(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : NOT_FINITE.get(text.toLowerCase());
}

function keyOf(labels: ReadonlyMap<string, string>): string {
  return JSON.stringify([...labels].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function quote(line: string): string {
  return JSON.stringify(line.slice(0, LONGEST_QUOTE));
}
