import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import {
  type Advisory,
  ADVISORY_LEVELS,
  type Audit,
  type Audits,
  type Dependencies,
} from "../../system/npm-audit.ts";
import { LONGEST_END_MS } from "../../system/process-run.ts";
import { tellForeign } from "../foreign-text.ts";
import { newAdvisories } from "../new-advisories.ts";
import type { LockfilePair, Lockfiles } from "../lockfiles.ts";
import type { Probe } from "../probe.ts";

/** Counts the advisories against what runs that the last proven release before it does not have. */
export const AdvisoriesProbeSettings = z.strictObject({
  kind: z.literal("advisories"),
  /** Advisories that count: of this level or graver, of low, moderate, high, critical. Default critical. */
  level: z.enum(ADVISORY_LEVELS).default("critical"),
  /** The registry to ask. Default: the one that npm is configured for. */
  registry: z.url({ protocol: /^https?$/u }).optional(),
  /** How often the registry is asked; at once when a lock file has changed. Default 6h. */
  every: PositiveDuration.prefault("6h"),
  /** Time between two looks at the lock files. Default 1m. */
  interval: PositiveDuration.prefault("1m"),
  /** Longest time for asking about both lock files. Default 2m. */
  timeout: PositiveDuration.prefault("2m"),
});
export type AdvisoriesProbeSettings = z.infer<typeof AdvisoriesProbeSettings>;

/** What the probe asks with. */
export interface AdvisoriesProbePorts {
  readonly audits: Audits;
  readonly lockfiles: Lockfiles;
  readonly clock: Clock;
  /** Values that are never told. */
  readonly secrets: readonly string[];
}

/** A registry that did not answer is asked again after this time, or at `every` if that is sooner. */
const RETRY_MS = 600_000;

type Both = Extract<LockfilePair, { kind: "both" }>;

/** What was last said, about which pair, and until when it holds. */
interface Said {
  readonly about: Both;
  readonly until: number;
  readonly reading: Reading;
}

/** A probe that counts new advisories; between two questions to the registry it repeats the last answer. */
export function createAdvisoriesProbe(
  name: string,
  settings: AdvisoriesProbeSettings,
  ports: AdvisoriesProbePorts,
): Probe {
  const { kind, interval, timeout, every } = settings;
  const { lockfiles, clock } = ports;
  let said: Said | undefined;

  async function askOnce(pair: Both, signal: AbortSignal): Promise<Reading> {
    if (said !== undefined && isSame(said.about, pair) && clock.monotonic() < said.until) {
      return said.reading;
    }
    const reading = await compare(pair, settings, ports, signal);
    const holdsMs = reading.kind === "measured" ? every : Math.min(RETRY_MS, every);
    said = { about: pair, until: clock.monotonic() + holdsMs, reading };
    return reading;
  }

  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout + 2 * LONGEST_END_MS,
    sample: async (signal) => {
      const pair = await lockfiles.pair();
      if (pair.kind === "missing") {
        return absent(tellForeign(pair.detail, ports.secrets));
      }
      if (pair.kind === "first") {
        return none("no other release was proven yet with which to compare");
      }
      return pair.running.lockfile === pair.earlier.lockfile
        ? none(`what it depends on is as in ${pair.release}`)
        : askOnce(pair, signal);
    },
  };
}

async function compare(
  pair: Both,
  { registry, level, timeout }: AdvisoriesProbeSettings,
  { audits, clock, secrets }: AdvisoriesProbePorts,
  signal: AbortSignal,
): Promise<Reading> {
  const start = clock.monotonic();
  async function audit(of: Dependencies): Promise<Audit> {
    const timeoutMs = Math.max(1, timeout - (clock.monotonic() - start));
    const options = { timeoutMs, ...(registry === undefined ? {} : { registry }) };
    return audits.audit(of, options, signal);
  }
  const now = await audit(pair.running);
  if (now.kind === "failed") {
    return absent(`nobody knows its advisories: ${tellForeign(now.detail, secrets)}`);
  }
  const grave = now.advisories.filter((one) => isAtLeast(one, level));
  // Asked in any case: who is to go back to it wants to know what it would bring back.
  const before = await audit(pair.earlier);
  if (grave.length === 0) {
    return none(`no advisory that is ${level}${level === "critical" ? "" : " or worse"}`);
  }
  return before.kind === "failed"
    ? absent(`nobody knows the advisories before: ${tellForeign(before.detail, secrets)}`)
    : readingOf(newAdvisories(grave, before.advisories), pair.release, secrets);
}

function isSame(one: Both, other: Both): boolean {
  return (
    one.running.lockfile === other.running.lockfile &&
    one.earlier.lockfile === other.earlier.lockfile
  );
}

function isAtLeast({ level }: Advisory, least: AdvisoriesProbeSettings["level"]): boolean {
  return ADVISORY_LEVELS.indexOf(level) >= ADVISORY_LEVELS.indexOf(least);
}

/** Most advisories that are told. */
const MOST_TOLD = 3;

function readingOf(
  found: readonly Advisory[],
  release: string,
  secrets: readonly string[],
): Reading {
  if (found.length === 0) {
    return none(`no advisory that ${release} has not, too`);
  }
  const told = found
    .slice(0, MOST_TOLD)
    .map((one) => `${one.package}: ${one.title} (${one.level})`);
  const more = found.length > MOST_TOLD ? `; and ${found.length - MOST_TOLD} more` : "";
  const what = told.map((one) => tellForeign(one, secrets)).join("; ");
  const detail = `not in ${release}: ${what}${more}`;
  return { kind: "measured", value: found.length, detail };
}

function none(detail: string): Reading {
  return { kind: "measured", value: 0, detail };
}

function absent(detail: string): Reading {
  return { kind: "absent", reason: "no-metrics", detail };
}
