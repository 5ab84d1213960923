import type { Trigger } from "../../src/model/trigger.ts";
import { calmProfile, change, FAULT, setFault, spans, type Profile, type Span } from "./profile.ts";
import type { Random } from "./random.ts";

/*
 * Days on which nothing is wrong that a rollback, a restart or a person could cure. What they have in common: no limit is
 * truly exceeded for as long as the runbook's limits ask for (three windows of 10 s in a row for shares, which `mend` sees
 * to, and bursts of at most 10 s; three samples for everything else), however bad it looks in between. And a good release is deployed every two hours,
 * so that there is always something to blame.
 */

const DAY = 86_400;
const HOUR = 3600;
const MINUTE = 60;
const DEPLOYED_EVERY = 2 * HOUR;
/** A healthy share of slow or failed requests never exceeds this for longer than a moment; the limits are 5 %. */
const HIGHEST = 0.035;
const NEARLY = 0.045;
const WINDOW_S = 10;
const LONGEST_DOWN_S = 3;

/** A kind of healthy day. */
export interface Healthy {
  readonly name: string;
  /** What happens on it, in words. */
  readonly what: string;
  /** Breaches that are true on such a day, though no release's doing. */
  readonly allowed?: readonly Trigger[];
  readonly make: (profile: Profile, random: Random) => void;
}

/** Every kind, each as often as the others in the benchmark. */
export const HEALTHY: readonly Healthy[] = [
  {
    name: "quiet night",
    what: "a request every few seconds or minutes; some fail",
    make: (profile, random) => {
      const perSecond = random.between(0.005, 0.3);
      change(profile.rate, all(profile), () => perSecond);
      change(profile.errors, all(profile), () => random.between(0.002, 0.03));
    },
  },
  {
    name: "daily peak",
    what: "eight times the traffic around noon, and three times the slow requests",
    make: (profile) => {
      change(profile.rate, all(profile), (before, second) => before * (1 + 7 * peak(second)));
      change(profile.slow, all(profile), (before, second) =>
        Math.min(HIGHEST, before * (1 + 2 * peak(second))),
      );
    },
  },
  {
    name: "garbage-collection spikes",
    what: "the process stands still for 0.2 to 0.9 s, twice a minute or so",
    make: (profile, random) => {
      for (const { from } of spans(random, profile.seconds, {
        gap: 15,
        apart: 15,
        length: [1, 1],
      })) {
        const pause = random.between(0.2, 0.9);
        change(profile.slow, { from, to: from + 1 }, (before) => Math.max(before, pause - 0.5));
      }
    },
  },
  {
    name: "noisy neighbour",
    what: "for 3 to 10 s at a time something else has the processor: up to half the requests are slow, and rollwatch sometimes lags, too",
    make: (profile, random) => {
      for (const span of spans(random, profile.seconds, { gap: 600, apart: 60, length: [3, 10] })) {
        const share = random.between(0.1, 0.5);
        change(profile.slow, span, () => share);
        change(profile.memory, span, (before) => before + 0.2);
        if (random.chance(0.3)) {
          lag(profile, span);
        }
      }
    },
  },
  {
    name: "processor taken",
    what: "for 1 to 5 min at a time something else has the processor: most requests are slow, and rollwatch lags most of the time",
    allowed: ["slow-responses"],
    make: (profile, random) => {
      const shape = { gap: 2 * HOUR, apart: 600, length: [MINUTE, 5 * MINUTE] } as const;
      for (const span of spans(random, profile.seconds, shape)) {
        change(profile.slow, span, () => 0.6);
        profile.red.push({ ...span, name: "event-loop" });
        for (let second = span.from; second < span.to; second += 1) {
          if (random.chance(0.7)) {
            setFault(profile, { from: second, to: second + 1 }, FAULT.lagging);
          }
        }
      }
    },
  },
  {
    name: "slow leak, recycled",
    what: "memory grows to 94 % of the limit, then pm2 restarts the service within 3 s",
    make: (profile, random) => {
      const period = random.whole(2 * HOUR, 8 * HOUR);
      const top = random.between(0.85, 0.94);
      change(profile.memory, all(profile), (_, second) => {
        return 0.45 + (top - 0.45) * ((second % period) / period);
      });
      for (let second = period; second < profile.seconds; second += period) {
        restart(profile, second, random);
      }
    },
  },
  {
    name: "restart storm",
    what: "a service is restarted 5 to 30 times, 20 to 90 s apart, each time down for 1 to 3 s",
    make: (profile, random) => {
      for (const { from } of spans(random, profile.seconds, {
        gap: 5 * HOUR,
        apart: HOUR,
        length: [1, 1],
      })) {
        let second = from;
        for (let count = random.whole(5, 30); count > 0; count -= 1) {
          restart(profile, second, random);
          second += random.whole(20, 90);
        }
      }
    },
  },
  {
    name: "Prometheus outage",
    what: "Prometheus and the pages of metrics do not answer for 5 min to 3 h",
    allowed: ["monitoring-broken"],
    make: (profile, random) => {
      for (const span of spans(random, profile.seconds, {
        gap: 6 * HOUR,
        apart: HOUR,
        length: [5 * MINUTE, 3 * HOUR],
      })) {
        setFault(profile, span, FAULT.noMetrics | FAULT.noPrometheus);
      }
    },
  },
  {
    name: "deployment with a cold cache",
    what: "after each deployment up to 60 % of the requests are slow, half as many every 2 to 4 s",
    make: (profile, random) => {
      for (const { second, downFor } of profile.deployments) {
        const share = random.between(0.2, 0.6);
        const half = random.between(2, 4);
        const from = second + downFor;
        change(profile.slow, { from, to: from + 40 }, (before, since) =>
          Math.max(before, share * 2 ** (-since / half)),
        );
      }
    },
  },
  {
    name: "night job",
    what: "for 20 to 60 min a job takes the database: more slow requests, up to 94 % of memory and connections, clients wait for up to 8 s",
    make: (profile, random) => {
      const from = random.whole(HOUR, 4 * HOUR);
      const span = { from, to: from + random.whole(20 * MINUTE, HOUR) };
      const share = random.between(0.01, HIGHEST);
      change(profile.slow, span, () => share);
      change(profile.memory, span, () => random.between(0.8, 0.94));
      change(profile.connections, span, () => random.between(0.7, 0.94));
      for (const wait of spans(random, span.to - from, { gap: 90, apart: 20, length: [1, 8] })) {
        setFault(profile, { from: from + wait.from, to: from + wait.to }, FAULT.poolWaits);
      }
    },
  },
  {
    name: "WebSocket reconnect storm",
    what: "clients lose their connections and all come back: none is served for up to 8 s, and requests are slow for up to 10 s",
    make: (profile, random) => {
      for (const { from } of spans(random, profile.seconds, {
        gap: 3 * HOUR,
        apart: 600,
        length: [1, 1],
      })) {
        const down = random.whole(2, 8);
        const share = random.between(0.05, 0.3);
        setFault(profile, { from, to: from + down }, FAULT.socket);
        change(profile.slow, { from, to: from + random.whole(down, 10) }, () => share);
      }
    },
  },
  {
    name: "limiter",
    what: "a limiter answers rollwatch's requests with 429 for up to 15 min",
    make: (profile, random) => {
      for (const span of spans(random, profile.seconds, {
        gap: 2 * HOUR,
        apart: 600,
        length: [MINUTE, 15 * MINUTE],
      })) {
        setFault(profile, span, FAULT.throttled);
      }
    },
  },
  {
    name: "clock jumps",
    what: "the wall clock jumps by up to two hours, both ways, six times a day",
    make: (profile, random) => {
      for (const { from } of spans(random, profile.seconds, {
        gap: 4 * HOUR,
        apart: 60,
        length: [1, 1],
      })) {
        const size = random.chance(0.5) ? random.between(0.2, 30) : random.between(30, 2 * HOUR);
        const byMs = Math.round(size * 1000) * (random.chance(0.5) ? 1 : -1);
        profile.jumps.push({ second: from, byMs });
      }
    },
  },
  {
    name: "watcher suspended",
    what: "rollwatch is stopped for 5 s to 30 min, or lags for up to a minute",
    make: (profile, random) => {
      for (const span of spans(random, profile.seconds, {
        gap: 2 * HOUR,
        apart: 300,
        length: [5, 30 * MINUTE],
      })) {
        setFault(profile, span, FAULT.suspended);
        profile.standstills.push(span);
        lag(profile, { from: span.to, to: span.to + random.whole(1, 60) });
      }
    },
  },
];

/** A day of an application of its own, or the first seconds of it: its usual traffic, with what its kind adds. */
export function healthyDay(kind: Healthy, random: Random, seconds = DAY): Profile {
  const profile = calmProfile(seconds, {
    perSecond: 0.2 * 400 ** random.next(),
    slow: random.between(0.001, 0.015),
    errors: random.between(0, 0.01),
  });
  weather(profile, random);
  for (let second = random.whole(60, DEPLOYED_EVERY); second < seconds; second += DEPLOYED_EVERY) {
    const downFor = restart(profile, second, random);
    profile.deployments.push({ second, downFor, of: "code" });
  }
  kind.make(profile, random);
  keepUp(profile);
  if (kind.allowed?.includes("slow-responses") !== true) {
    mend(profile);
  }
  return profile;
}

/** Restarts that meet make no longer time of absence than one. */
function keepUp({ faults }: Profile): void {
  let down = 0;
  for (const [second, fault] of faults.entries()) {
    down = (fault & FAULT.refused) === 0 ? 0 : down + 1;
    if (down > LONGEST_DOWN_S) {
      faults[second] = fault & ~FAULT.refused;
      down = 0;
    }
  }
}

/** Takes the shares of each window that would be the third one in a row above its limit down to below it. */
function mend({ seconds, rate, slow, errors }: Profile): void {
  for (const values of [slow, errors]) {
    let above = 0;
    for (let from = 0; from < seconds; from += WINDOW_S) {
      const span = { from, to: from + WINDOW_S };
      const share = shareIn(span, values, rate);
      above = share > NEARLY ? above + 1 : 0;
      if (above === 3) {
        change(values, span, (before) => (before * NEARLY) / share);
        above = 0;
      }
    }
  }
}

function shareIn({ from, to }: Span, values: Float32Array, rate: Float32Array): number {
  let bad = 0;
  let total = 0;
  for (let second = from; second < Math.min(to, values.length); second += 1) {
    const requests = rate[second] ?? 0;
    total += requests;
    bad += requests * (values[second] ?? 0);
  }
  return total === 0 ? 0 : bad / total;
}

/** Nothing is as even as a dice: shares drift for minutes, by up to three times. */
function weather(profile: Profile, random: Random): void {
  for (const values of [profile.slow, profile.errors]) {
    for (const span of spans(random, profile.seconds, { gap: 60, apart: 1, length: [10, 300] })) {
      const factor = 3 ** random.between(-1, 1);
      change(values, span, (before) => Math.min(HIGHEST, before * factor));
    }
  }
}

/** A service starts anew; returns for how many seconds it was down. */
function restart(profile: Profile, from: number, random: Random): number {
  const down = random.whole(1, 3);
  setFault(profile, { from, to: from + down }, FAULT.refused);
  if (random.chance(0.3)) {
    setFault(profile, { from, to: from + 1 }, FAULT.serviceDown);
  }
  return down;
}

/** rollwatch does not get the processor, and knows it. */
function lag(profile: Profile, { from, to }: Span): void {
  setFault(profile, { from, to }, FAULT.lagging);
  profile.red.push({ from, to, name: "event-loop" });
}

function peak(second: number): number {
  return Math.max(0, Math.sin((Math.PI * (second - 8 * HOUR)) / (12 * HOUR)));
}

function all({ seconds }: Profile): Span {
  return { from: 0, to: seconds };
}
