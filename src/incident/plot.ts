import { tellTime } from "../model/units.ts";
import { escapeHtml } from "./escape-html.ts";
import type { EvidencePoint, EvidenceSeries } from "./evidence.ts";
import { short } from "./scale.ts";
import { rangeOf } from "./sparkline.ts";

/** A moment to mark in a plot. */
interface Mark {
  readonly at: number;
  readonly text: string;
}

const WIDTH = 720;
const HEIGHT = 180;
const LEFT = 70;
const TOP = 14;
const BOTTOM = 40;
/** Lines for the names of moments: two that lie close do not cover each other. */
const NAME_ROWS = 3;

/** Where a moment and a value lie in the picture. */
interface Frame {
  x(at: number): number;
  y(value: number): number;
}

/** A series over time as a picture: the values, the limit, the moments, and dots below where nothing was measured. */
export function toSvg(series: EvidenceSeries, marks: readonly Mark[]): string {
  const from = series.points[0]?.at ?? 0;
  const until = series.points.at(-1)?.at ?? from;
  const { low, high } = rangeOf(series.points);
  const top = Math.max(high, series.limit);
  const bottom = Math.min(0, low);
  const frame = frameOf({ from, until, bottom, top });
  const shown = marks.filter(({ at }) => at >= from && at <= until);
  const label = escapeHtml(`${series.name} from ${tellTime(from)} to ${tellTime(until)}`);
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">`,
    ...shown.map((mark, index) => markSvg(frame, mark, index)),
    `<line class="limit" x1="${LEFT}" x2="${WIDTH}" y1="${frame.y(series.limit)}" y2="${frame.y(series.limit)}"/>`,
    ...linesOf(series.points).map((line) => lineSvg(frame, line)),
    ...series.points.map((point) => pointSvg(frame, point, series.limit)),
    textSvg(2, TOP + 4, short(top)),
    textSvg(2, HEIGHT - BOTTOM, short(bottom)),
    textSvg(2, HEIGHT - BOTTOM + 14, series.unit),
    "</svg>",
  ].join("");
}

function frameOf(span: {
  readonly from: number;
  readonly until: number;
  readonly bottom: number;
  readonly top: number;
}): Frame {
  const ms = Math.max(1, span.until - span.from);
  const height = span.top > span.bottom ? span.top - span.bottom : 1;
  return {
    x: (at) => tenths(LEFT + ((at - span.from) / ms) * (WIDTH - LEFT - 4)),
    y: (value) =>
      tenths(HEIGHT - BOTTOM - ((value - span.bottom) / height) * (HEIGHT - BOTTOM - TOP)),
  };
}

/** Stretches without a gap: over what was not measured no line is drawn. */
function linesOf(points: readonly EvidencePoint[]): readonly (readonly EvidencePoint[])[] {
  const lines: EvidencePoint[][] = [[]];
  for (const point of points) {
    if (point.value === null) {
      lines.push([]);
    } else {
      lines.at(-1)?.push(point);
    }
  }
  return lines.filter((line) => line.length > 1);
}

function lineSvg(frame: Frame, line: readonly EvidencePoint[]): string {
  const points = line.map(({ at, value }) => `${frame.x(at)},${frame.y(value ?? 0)}`);
  return `<polyline class="line" points="${points.join(" ")}"/>`;
}

function pointSvg(frame: Frame, { at, value }: EvidencePoint, limit: number): string {
  if (value === null) {
    return `<circle class="absent" cx="${frame.x(at)}" cy="${HEIGHT - BOTTOM + 6}" r="1.5"/>`;
  }
  return value > limit
    ? `<circle class="bad" cx="${frame.x(at)}" cy="${frame.y(value)}" r="2"/>`
    : "";
}

function markSvg(frame: Frame, { at, text }: Mark, index: number): string {
  const x = frame.x(at);
  const below = HEIGHT - BOTTOM + 14 + (index % NAME_ROWS) * 11;
  const line = `<line class="mark" x1="${x}" x2="${x}" y1="${TOP}" y2="${below - 9}"/>`;
  const isRight = x > WIDTH - LEFT;
  return `${line}${textSvg(isRight ? x - 2 : x + 2, below, text, isRight)}`;
}

function textSvg(x: number, y: number, text: string, isRight = false): string {
  const anchor = isRight ? ' text-anchor="end"' : "";
  return `<text x="${tenths(x)}" y="${tenths(y)}"${anchor}>${escapeHtml(text)}</text>`;
}

function tenths(pixels: number): number {
  return Math.round(pixels * 10) / 10;
}
