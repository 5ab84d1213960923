import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import {
  afterActionOf,
  type AfterAction,
  type AfterActionInput,
} from "../incident/after-action.ts";
import { compose } from "../incident/compose.ts";
import { mapTexts } from "../incident/document.ts";
import type { RecordedSample } from "../incident/evidence.ts";
import { toHtml } from "../incident/html.ts";
import { toMarkdown } from "../incident/markdown.ts";
import { readEntriesAt } from "../journal/store.ts";
import type { FollowUps, ReportOrder } from "../model/after-action.ts";
import { assertNever } from "../model/assert-never.ts";
import type { Entry } from "../model/facts.ts";
import { Failure } from "../model/failure.ts";
import { Recorded } from "../model/recording.ts";
import { openClock } from "../system/clock.ts";
import { hideSecrets } from "../system/log.ts";
import { openSegments } from "../system/segments.ts";
import { journalPath } from "./read-history.ts";
import { namesSince, recordingsFolder } from "./recorder.ts";
import { replaySetup } from "./replay-setup.ts";

/** The report of an incident as text, from the journal and the recordings as they are; nothing is written. Throws `incident-unknown`. */
export async function exportIncident(
  config: Config,
  order: ReportOrder,
  signal: AbortSignal,
): Promise<string> {
  const entries = readEntriesAt(journalPath(config));
  const samples = await samplesOf(config, entries, order.id, signal);
  return printed(
    reportOf(config, { entries, samples, id: order.id }),
    order,
    hideSecrets(config.secrets),
  );
}

/** The tasks and checklists of an incident, from the journal as it is. Throws `incident-unknown`. */
export async function followUps(config: Config, id: string): Promise<FollowUps> {
  const entries = readEntriesAt(journalPath(config));
  const { tasks, checklists } = reportOf(config, { entries, samples: [], id });
  return { tasks, checklists };
}

function reportOf(
  config: Config,
  read: Pick<AfterActionInput, "entries" | "samples" | "id">,
): AfterAction {
  const report = afterActionOf({
    ...read,
    application: config.application.name,
    scales: replaySetup(config).rules,
    now: openClock().now(),
  });
  if (report === undefined) {
    throw new Failure("incident-unknown", `there is no incident ${read.id}`, {
      hint: "see `rollwatch incident list`",
    });
  }
  return report;
}

function printed(
  report: AfterAction,
  { format, headings }: ReportOrder,
  hide: (text: string) => string,
): string {
  switch (format) {
    case "json":
      return `${JSON.stringify(report, (_key, value: unknown) => (typeof value === "string" ? hide(value) : value), 2)}\n`;
    case "markdown":
      return toMarkdown(mapTexts(compose(report, headings), hide));
    case "html":
      return toHtml(mapTexts(compose(report, headings), hide));
    default:
      return assertNever(format);
  }
}

/** Time before an incident of which samples are read, in milliseconds: more than any report shows. */
const BEFORE_MS = 3_600_000;

/** What is recorded of the time of an incident. A recording that cannot be read, or was deleted, is none: the report says so. */
async function samplesOf(
  config: Config,
  entries: readonly Entry[],
  id: string,
  signal: AbortSignal,
): Promise<readonly RecordedSample[]> {
  const opened = entries.find(
    ({ fact }) => fact.kind === "incident-opened" && fact.incident === id,
  );
  if (opened?.fact.kind !== "incident-opened") {
    return [];
  }
  const from = opened.fact.since - BEFORE_MS;
  const segments = openSegments();
  const folder = recordingsFolder(config.state);
  const samples: RecordedSample[] = [];
  function take(line: string): void {
    const sample = sampleIn(line);
    if (sample !== undefined && sample.at >= from) {
      samples.push(sample);
    }
  }
  const names = (await segments.list(folder)).map((one) => one.name);
  for (const name of namesSince(names, from)) {
    signal.throwIfAborted();
    const file = join(folder, name);
    await segments.read(file, take).catch(() => undefined);
  }
  return samples;
}

function sampleIn(line: string): RecordedSample | undefined {
  try {
    const { data } = Recorded.safeParse(JSON.parse(line));
    return data?.kind === "sample" ? data : undefined;
  } catch {
    return undefined;
  }
}
