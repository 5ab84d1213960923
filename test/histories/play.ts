import { CONTROLS } from "../../src/model/control.ts";
import type { Identity } from "../../src/model/identity.ts";
import type { Recorded, RecordedControl } from "../../src/model/recording.ts";
import type { Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Shipped } from "./shipped.ts";
import { busySeconds, openStream, type Stream } from "./stream.ts";

/** When every history begins: midnight of an ordinary Sunday, ms since the epoch. */
export const BEGINNING = Date.UTC(2026, 10, 22);
/** The newest identity and the controls are looked at this often. */
const LOOK_S = 5;
interface Happening {
  readonly second: number;
  readonly event: (now: number) => Recorded;
}

/** Gives every event of a history to `take`, in order, as the daemon's recorder would have had them; up to a sample for which it says false. */
export function play(
  profile: Profile,
  { watched, services }: Shipped,
  random: Random,
  take: (event: Recorded) => boolean,
): void {
  const clock = wallClock(profile);
  const course = { profile, clock, nextBusy: busySeconds(profile) };
  const streams = watched.map((one) => openStream(one, course, random.fork()));
  const happenings = happeningsOf(profile, services, random);
  let place = 0;
  for (let due = soonest(streams); due.moment() < profile.seconds; due = soonest(streams)) {
    for (; (happenings[place]?.second ?? Infinity) <= due.moment(); place += 1) {
      const happening = happenings[place];
      if (happening !== undefined) {
        take(happening.event(clock(happening.second)));
      }
    }
    if (!take(due.pop())) {
      return;
    }
  }
}

function soonest(streams: readonly Stream[]): Stream {
  let [first] = streams;
  if (first === undefined) {
    throw new Error("no signal is configured");
  }
  for (const one of streams) {
    if (one.moment() < first.moment()) {
      first = one;
    }
  }
  return first;
}

/** The wall clock at a second of the history: it may jump. */
function wallClock({ jumps }: Profile): (second: number) => number {
  return (second) => {
    let now = BEGINNING + second * 1000;
    for (const jump of jumps) {
      now += jump.second <= second ? jump.byMs : 0;
    }
    return now;
  };
}

function happeningsOf(
  profile: Profile,
  services: readonly string[],
  random: Random,
): readonly Happening[] {
  return [
    { second: 0, event: (at: number): Recorded => ({ kind: "identity", at, identity: FIRST }) },
    { second: 0, event: (at: number) => controlsAt(profile, 0, at) },
    { second: 0, event: (at: number) => servicesAt(services, at, at - 86_400_000) },
    ...profile.red.flatMap(({ from, to }) =>
      [from, to].map((second) => ({
        second: second + random.between(0, LOOK_S),
        event: (at: number) => controlsAt(profile, second, at),
      })),
    ),
    ...profile.jumps.flatMap(({ second, byMs }) =>
      Math.abs(byMs) > CLOCK_SET_MS
        ? [{ second, event: (at: number): Recorded => ({ kind: "clock-set", at, byMs }) }]
        : [],
    ),
    ...profile.standstills.map(({ from, to }) => ({
      second: to,
      event: (at: number): Recorded => ({ kind: "stood-still", at, ms: (to - from) * 1000 }),
    })),
    ...deploymentsOf(profile, services, random),
  ].toSorted((one, other) => one.second - other.second);
}

/** Smaller steps of the clock are a time server's. */
const CLOCK_SET_MS = 1000;

const FIRST: Identity = { commit: "release-0", schema: "003 (3)", configFiles: { ".env": "0" } };

function deploymentsOf(
  { deployments }: Profile,
  services: readonly string[],
  random: Random,
): readonly Happening[] {
  let before = FIRST;
  return deployments.flatMap(({ second, downFor, of }, index) => {
    const to = deployed(before, of, index + 1);
    before = to;
    const seen = second + random.between(0, LOOK_S);
    const unseen = random.between(0, LOOK_S);
    const part = { code: "commit", configuration: "configFiles", migration: "schema" } as const;
    return [
      {
        second: second + downFor,
        event: (at: number) => servicesAt(services, at, at),
      },
      {
        second: seen,
        event: (at: number): Recorded => ({
          kind: "change",
          at,
          change: {
            after: at - (seen - second + unseen) * 1000,
            at,
            parts: [part[of]],
            summary: [`${part[of]} of deployment ${index + 1}`],
            to,
          },
        }),
      },
    ];
  });
}

function deployed(before: Identity, of: "code" | "configuration" | "migration", number: number) {
  switch (of) {
    case "code":
      return { ...before, commit: `release-${number}` };
    case "configuration":
      return { ...before, configFiles: { ".env": String(number) } };
    case "migration":
      return { ...before, schema: `00${number} (${number})` };
    default:
      return before;
  }
}

function controlsAt({ red }: Profile, second: number, at: number): Recorded {
  const controls = CONTROLS.map((name): RecordedControl => {
    const own = red.filter((one) => one.name === name && one.from <= second);
    if (own.some((one) => second < one.to)) {
      return { name, state: "red" };
    }
    const last = own.at(-1);
    return last === undefined
      ? { name, state: "green" }
      : {
          name,
          state: "green",
          outage: { from: at - (second - last.from) * 1000, until: at - (second - last.to) * 1000 },
        };
  });
  return { kind: "controls", at, controls };
}

function servicesAt(services: readonly string[], at: number, startedAt: number): Recorded {
  return {
    kind: "services",
    at,
    services: services.map((name) => ({
      name,
      instances: [{ status: "online", restarts: 0, startedAt, autorestart: true }],
    })),
  };
}
