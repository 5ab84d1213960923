import type { Counts } from "../../src/model/sample.ts";
import type { AbsenceReason } from "../../src/model/sample.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import type { Trigger } from "../../src/model/trigger.ts";
import { FAULT, type Profile } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Watched } from "./shipped.ts";

/** What a probe says of one moment. */
export interface Seen {
  readonly value?: number;
  readonly counts?: Counts;
  readonly service?: string;
  readonly absent?: AbsenceReason;
  readonly tookMs: number;
  /** Whether anything of it is bad by the signal's limit. */
  readonly isBad: boolean;
}

/**
 * Reads a signal at a second. `since` is the first second that its sample before did not see, `standsFor` how many samples
 * this one is given for.
 */
export type Reader = (second: number, since: number, standsFor: number) => Seen;

/** A healthy request fails, or a healthy connection breaks, once in so many. */
const ACCIDENT = 1 / 40_000;
const GOOD: Seen = { value: 0, tookMs: 4, isBad: false };
const DEAD = FAULT.refused | FAULT.hangs;

/** How a signal would have been read, by what its rule and its trigger ask about. */
export function readerOf(watched: Watched, profile: Profile, random: Random): Reader {
  const read = faulty(watched, profile, plainReader(watched, profile, random));
  const { rule, settings } = watched;
  const spans = profile.bad.filter((one) => one.trigger === rule.trigger);
  const isAsking = settings.probe.kind === "http";
  return (second, since, standsFor) => {
    const fault = profile.faults[second] ?? 0;
    if ((fault & FAULT.lagging) !== 0) {
      return { absent: "watcher-lagging", tookMs: 300, isBad: false };
    }
    if (isAsking && (fault & FAULT.throttled) !== 0) {
      return { absent: "throttled", tookMs: 3, isBad: false };
    }
    return spans.some((one) => second >= one.from && second < one.to)
      ? badOf(rule, read(second, since, standsFor))
      : read(second, since, standsFor);
  };
}

function badOf(rule: SignalRule, seen: Seen): Seen {
  const isSeen = rule.countsTraffic || seen.isBad;
  const value = rule.limit > 0 ? rule.limit * 1.5 : 1;
  return isSeen ? seen : { ...seen, value, isBad: true };
}

/** Metrics that do not answer are nobody's fault, whoever asks for them. */
function faulty({ settings }: Watched, { faults }: Profile, read: Reader): Reader {
  const { kind } = settings.probe;
  const isScrape = kind === "scrape";
  return (second, since, standsFor) => {
    const fault = faults[second] ?? 0;
    const isSilent =
      (isScrape && (fault & (DEAD | FAULT.noMetrics)) !== 0) ||
      (kind === "prometheus" && (fault & FAULT.noPrometheus) !== 0);
    return isSilent
      ? { absent: "no-metrics", tookMs: 2000, isBad: false }
      : read(second, since, standsFor);
  };
}

function plainReader(watched: Watched, profile: Profile, random: Random): Reader {
  const { rule, settings } = watched;
  if (rule.countsTraffic) {
    const isSlow = rule.test.kind === "share" && rule.test.overMs !== undefined;
    return countingReader(profile, isSlow ? profile.slow : profile.errors, random);
  }
  if (rule.test.kind === "share") {
    return latencyReader(profile, random);
  }
  if (rule.trigger === "memory") {
    return memoryReader(watched, profile);
  }
  if (settings.probe.kind === "postgres" && rule.trigger === "pool-exhausted") {
    return connectionsReader(watched, profile);
  }
  const { bits, accident } = flagOf(watched);
  return flagReader(profile, bits, random, accident);
}

/** What a signal that is not measured in shares looks for, and how often it is wrong by accident. */
function flagOf({ rule, settings }: Watched): {
  readonly bits: number;
  readonly accident: number;
} {
  const accident = settings.probe.kind === "http" ? ACCIDENT : 0;
  if (rule.trigger === "system-down") {
    const isPm2 = settings.probe.kind === "pm2";
    return { bits: isPm2 ? FAULT.serviceDown : DEAD, accident };
  }
  const bits = BITS[rule.trigger] ?? 0;
  return { bits, accident: rule.trigger === "websocket" ? ACCIDENT : accident };
}

const BITS: Readonly<Partial<Record<Trigger, number>>> = {
  "database-connection": FAULT.databaseDead,
  "pool-exhausted": FAULT.poolWaits,
  websocket: FAULT.socket,
};

function flagReader({ faults }: Profile, bits: number, random: Random, accident: number): Reader {
  return (second, _since, standsFor) => {
    const fault = faults[second] ?? 0;
    if ((fault & bits) !== 0) {
      return { value: 1, tookMs: (fault & FAULT.hangs) === 0 ? 3 : 1500, isBad: true };
    }
    return random.chance(accident * standsFor) ? { value: 1, tookMs: 20, isBad: true } : GOOD;
  };
}

function countingReader({ rate, seconds }: Profile, share: Float32Array, random: Random): Reader {
  return (second, since) => {
    let expected = 0;
    let expectedBad = 0;
    for (let at = Math.max(0, since); at <= second && at < seconds; at += 1) {
      const requests = rate[at] ?? 0;
      expected += requests;
      expectedBad += requests * (share[at] ?? 0);
    }
    const total = random.count(expected);
    const bad = random.hits(total, expectedBad / expected);
    const value = total === 0 ? 0 : bad / total;
    return { value, counts: { bad, total }, tookMs: 12, isBad: bad > 0 };
  };
}

function latencyReader({ faults, slow }: Profile, random: Random): Reader {
  return (second) => {
    if (((faults[second] ?? 0) & DEAD) !== 0) {
      return { value: 1.5, tookMs: 1500, isBad: true };
    }
    const isSlow = random.chance(slow[second] ?? 0);
    const value = isSlow ? random.between(0.51, 1.5) : random.between(0.01, 0.45);
    return { value, tookMs: value * 1000, isBad: isSlow };
  };
}

function memoryReader({ rule }: Watched, { memory, memoryOf }: Profile): Reader {
  return (second) => {
    const value = memory[second] ?? 0;
    const isBad = value > rule.limit;
    const accused = isBad && memoryOf === "service" ? { service: ACCUSED } : {};
    return { value, tookMs: 20, isBad, ...accused };
  };
}

/** The service whose process is full, of those of the shipped configuration. */
const ACCUSED = "radiation-monitoring";

function connectionsReader({ rule }: Watched, { connections, faults }: Profile): Reader {
  return (second) => {
    if (((faults[second] ?? 0) & FAULT.databaseDead) !== 0) {
      return { absent: "no-metrics", tookMs: 2000, isBad: false };
    }
    const value = connections[second] ?? 0;
    return { value, tookMs: 6, isBad: value > rule.limit };
  };
}
