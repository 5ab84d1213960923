import type { Entry } from "../model/facts.ts";
import type { Incident, Recovery } from "../model/history.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { EvidenceSeries } from "./evidence.ts";
import type { Impact } from "./impact.ts";
import { stepText } from "./timeline.ts";

/** What the unknowns are looked for in. */
export interface Known {
  readonly incident: Incident;
  readonly recoveries: readonly Recovery[];
  readonly around: readonly Entry[];
  readonly evidence: readonly EvidenceSeries[];
  readonly impact: Impact;
  /** The end of what is told, ms since the epoch. */
  readonly until: number;
}

/** What rollwatch did not know, or does not know to this day, said plainly. */
export function unknownsOf(known: Known): readonly string[] {
  const { incident, impact } = known;
  return [
    ...(incident.cause === "unknown"
      ? ["Cause: unknown. Nothing that was measured pointed to one."]
      : [`Cause: ${incident.cause} is the likely one; rollwatch infers it and has not proven it.`]),
    "Users: how many people were affected is unknown; rollwatch sees requests and signals, not people.",
    ...(impact.requests.length === 0
      ? ["Requests: how many failed is unknown; no signal that counts requests was recorded."]
      : []),
    "Clients: how many distinct ones asked is unknown, and so is how many WebSockets were dropped.",
    "Data: whether the faulty state wrote, lost or changed data is unknown to rollwatch.",
    ...unseen(known),
    ...unmeasured(known),
    ...unfinished(known),
    ...timeOf(known),
  ];
}

function unseen({ evidence }: Known): readonly string[] {
  return evidence.flatMap(({ name, samples, points }) => {
    if (samples === 0) {
      return [`Samples of ${name}: none are recorded for this time.`];
    }
    const absent = points.filter(({ value }) => value === null).length;
    return absent === 0
      ? []
      : [`Samples of ${name}: in part of this time nothing could be measured.`];
  });
}

function unmeasured({ recoveries }: Known): readonly string[] {
  return recoveries.flatMap(({ verification }) =>
    (verification?.checks ?? []).flatMap((check) =>
      check.unmeasured === true
        ? [`Health check ${check.name}: could not be measured (${check.detail}).`]
        : [],
    ),
  );
}

function unfinished({ recoveries }: Known): readonly string[] {
  return recoveries.flatMap(({ plan, steps }) =>
    steps.flatMap(({ step, startedAt, outcome }) =>
      outcome === undefined
        ? [
            `Step "${stepText(plan, step)}", begun ${tellTime(startedAt)}: its outcome was not written down; rollwatch ended in it, or is still at it.`,
          ]
        : [],
    ),
  );
}

/** When rollwatch did not run, and when the wall clock was set: neither is seen in the timeline's times. */
function timeOf({ incident, around, until }: Known): readonly string[] {
  const during = around.filter(({ at }) => at >= incident.since && at <= until);
  return during.flatMap(({ at, fact }) => {
    if (fact.kind === "daemon-started") {
      return [`Until ${tellTime(at)} rollwatch did not run: what happened just before is unknown.`];
    }
    return fact.kind === "clock-set"
      ? [
          `At ${tellTime(at)} the wall clock was set by ${tellDuration(Math.abs(fact.byMs))}: durations across it are wrong by as much.`,
        ]
      : [];
  });
}
