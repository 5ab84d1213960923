import type { Brake } from "../model/history.ts";
import type { Pm2Daemon, Service } from "../model/service.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import {
  budget,
  byTier,
  draft,
  type IncidentNews,
  type NoticeDraft,
  trouble,
  whatAndWhy,
} from "./notices-draft.ts";

/** Who took a brake back, and when. */
interface Release {
  readonly by: string;
  readonly at: number;
}

/** A person reported what no probe can see. */
export function reportedByPerson(news: IncidentNews): NoticeDraft {
  const { reported } = news.incident;
  const message = draft(news, { reason: "reported", key: [] }, [
    `${trouble(news)}, reports ${reported?.by ?? "somebody"}`,
    ...whatAndWhy(news),
    "Next: rollwatch looks at what could be done and tells; a report alone never starts anything. The incident stays open until a person closes it: `rollwatch incident close`.",
    budget(news),
  ]);
  return byTier(news, message);
}

/** A test of the channels that somebody asked for; `id` is one that no other has. */
export function channelTest(
  application: string,
  { by, id }: { readonly by: string; readonly id: string },
): NoticeDraft {
  return {
    dedupKey: `none:channel-test:${id}`,
    reason: "channel-test",
    incident: null,
    title: `TEST: ${application}: this is what a page looks like`,
    text: `Nothing is wrong: ${by} tests how people are reached (\`rollwatch people test\`). Resolve it where it stays open.`,
  };
}

/** A proof that notices arrive at these channels; `turn` counts the proofs. */
export function channelProof(
  application: string,
  {
    turn,
    everyMs,
    channels,
  }: { readonly turn: number; readonly everyMs: number; readonly channels: readonly string[] },
): NoticeDraft {
  return {
    dedupKey: `none:channel-proof:${turn}`,
    reason: "channel-proof",
    incident: null,
    title: `${application}: rollwatch watches, and its notices arrive here`,
    text: `Nothing is wrong. This comes every ${tellDuration(everyMs)}: where it does not, rollwatch or the way to this channel is dead (\`rollwatch status\`, \`rollwatch people test\`).`,
    channels,
    canWait: true,
  };
}

/** Nobody has gone through contacts and procedures for long; told again each week. */
export function reviewOverdue(
  application: string,
  {
    reviewed,
    days,
    turn,
  }: { readonly reviewed: string; readonly days: number; readonly turn: number },
): NoticeDraft {
  return {
    dedupKey: `none:review-overdue:${reviewed}:${turn}`,
    reason: "review-overdue",
    incident: null,
    title: `${application}: contacts and procedures were reviewed ${days} days ago`,
    text: [
      `On ${reviewed}; they are to be reviewed every 30 days.`,
      "To do: go through `rollwatch people who` (and `--at` a night and a holiday), try the channels with `rollwatch people test`, read the runbook's procedures.",
      "Then set `people.reviewed` to the day of it, and restart rollwatch.",
    ].join("\n"),
    canWait: true,
  };
}

/** A person stopped services; told once per stop, because each start of a process has an id of its own. */
export function stoppedByPerson(application: string, services: readonly Service[]): NoticeDraft {
  const names = services.map((service) => service.name).join(", ");
  const starts = services.flatMap((service) => service.instances.map((one) => one.uniqueId));
  return {
    dedupKey: `none:stopped-by-person:${starts.toSorted().join(",")}`,
    reason: "stopped-by-person",
    incident: null,
    title: `${application}: a person stopped ${names}`,
    text: `Stopped in pm2: ${names}. rollwatch takes that for a wish and does nothing. Start them again when the work is done.`,
  };
}

/** Samples are not recorded any more; told once in each run of the daemon. */
export function recordingStopped(application: string, reason: string, since: number): NoticeDraft {
  return {
    dedupKey: `none:recording-stopped:${since}`,
    reason: "recording-stopped",
    incident: null,
    title: `${application}: samples are not recorded any more`,
    text: `Why: ${reason}\nNothing else changes; \`rollwatch replay\` will miss what is not recorded. Make room in the state folder and restart rollwatch, or set recording.enabled: false.`,
  };
}

/** rollwatch itself died too often; `first` is the start that the count began with, and the same while the storm goes on. */
export function restartStorm(
  application: string,
  {
    first,
    reason,
    until,
  }: { readonly first: number; readonly reason: string; readonly until: number },
): NoticeDraft {
  return {
    dedupKey: `none:restart-storm:${first}`,
    reason: "restart-storm",
    incident: null,
    title: `${application}: rollwatch only observes`,
    text: `Why: ${reason}\nIt goes on watching, telling and asking for approval, and carries to its end what it has begun, but does nothing new by itself until ${tellTime(until)} or \`rollwatch resume\`. Look at its log for what ends it.`,
  };
}

/** rollwatch could not go on, or not begin. */
export function rollwatchEnded(application: string, why: string): NoticeDraft {
  return {
    dedupKey: `none:rollwatch-ended:${why}`,
    reason: "rollwatch-ended",
    incident: null,
    title: `${application}: rollwatch ended, and nothing is watched`,
    text: `Why: ${why}\nNothing is done by itself and nobody is told of anything until it runs again. Each start tries; this is told again after an hour.`,
  };
}

/** Nothing is done by itself from now on. */
export function pausedByPerson(application: string, brake: Brake): NoticeDraft {
  const end =
    brake.until === null
      ? "until `rollwatch resume`"
      : `until ${tellTime(brake.until)} or \`rollwatch resume\``;
  return {
    dedupKey: `none:paused:${brake.at}`,
    reason: "paused",
    incident: null,
    title: `${application}: ${brake.by} paused rollwatch`,
    text: `Why: ${brake.reason}\nrollwatch goes on watching and telling, but does nothing by itself ${end}.`,
  };
}

/** A pause was taken back. */
export function resumedByPerson(
  application: string,
  brake: Brake,
  { by, at }: Release,
): NoticeDraft {
  return {
    dedupKey: `none:resumed:${brake.at}`,
    reason: "resumed",
    incident: null,
    title: `${application}: ${by} resumed rollwatch`,
    text: `Paused by ${brake.by} at ${tellTime(brake.at)}: ${brake.reason}\nResumed at ${tellTime(at)}: rollwatch acts again where its policy says so.`,
  };
}

/** People work on the application from now on. */
export function maintenanceStarted(application: string, brake: Brake): NoticeDraft {
  const end = brake.until === null ? "its end is declared" : tellTime(brake.until);
  return {
    dedupKey: `none:maintenance-started:${brake.at}`,
    reason: "maintenance-started",
    incident: null,
    title: `${application}: ${brake.by} declared maintenance`,
    text: `Why: ${brake.reason}\nUntil ${end} nothing is done by itself, and breaches wake nobody.`,
  };
}

/** The maintenance is over before its time. */
export function maintenanceEnded(
  application: string,
  brake: Brake,
  { by, at }: Release,
): NoticeDraft {
  return {
    dedupKey: `none:maintenance-ended:${brake.at}`,
    reason: "maintenance-ended",
    incident: null,
    title: `${application}: ${by} ended the maintenance`,
    text: `Declared by ${brake.by} at ${tellTime(brake.at)}: ${brake.reason}\nEnded at ${tellTime(at)}: rollwatch acts and wakes people again.`,
  };
}

/** The state folder's disk was full, and the journal lives on what it had kept in reserve; told once a day. */
export function diskFull(
  application: string,
  { state, now }: { readonly state: string; readonly now: number },
): NoticeDraft {
  return {
    dedupKey: `none:disk-full:${tellTime(now).slice(0, 10)}`,
    reason: "disk-full",
    incident: null,
    title: `${application}: the disk of rollwatch's state folder is full`,
    text: [
      `Noticed at ${tellTime(now)}: nothing more could be written in ${state}, and the journal has given up its reserve of 4 MiB.`,
      "A recovery under way is written down to its end with it. Make room now: without any rollwatch ends, and nothing is rolled back by itself.",
    ].join("\n"),
  };
}

/** The application's pm2 daemon is not as it should be, since `at`. */
export function pm2Unwell(
  application: string,
  pm2: Exclude<Pm2Daemon, { readonly kind: "alive" }>,
  at: number,
): NoticeDraft {
  return {
    dedupKey: `none:pm2-unwell:${pm2.kind}:${at}`,
    reason: "pm2-unwell",
    incident: null,
    title: `${application}: its pm2 daemon is ${pm2.kind}`,
    text: [`Since ${tellTime(at)}: ${pm2.reason}`, UNWELL[pm2.kind]].join("\n"),
  };
}

const LOST = "A service that ends now is not started again, and rollwatch rolls nothing back.";
const UNWELL = {
  dead: `${LOST} Do not run pm2 to look: it would start an empty daemon beside the services that run on.`,
  hung: `${LOST} Look at the daemon's process and at pm2.log before anything is killed.`,
  doubled: `${LOST} Only one of them answers, and neither knows the processes of the other: find out whose the services are before one is ended.`,
} as const;
