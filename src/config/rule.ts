import type { ApplicationSettings } from "../model/application.ts";
import { assertNever } from "../model/assert-never.ts";
import type { SignalRule, WindowTest } from "../model/signal.ts";
import { type ProbeTraits, traitsOf } from "../observe/probes/index.ts";
import type { SignalSettings } from "./schema.ts";

/** A signal counts as stale after this many intervals without a sample, and one timeout. */
const STALE_INTERVALS = 3;

/** How a configured signal is judged. */
export function ruleOf(signal: SignalSettings, application: ApplicationSettings): SignalRule {
  const { probe } = signal;
  const traits = traitsOf(probe, application.services.length);
  const service = signal.service ?? traits.service ?? serviceBehind(traits, application);
  return {
    name: signal.name,
    trigger: signal.trigger,
    unit: traits.unit,
    // Of counts the value is the share of bad ones, and so is its limit.
    limit: traits.judgedBy === "allowed-share" ? signal.allowed : signal.limit,
    window: signal.window,
    test: testOf(signal, traits),
    minSamples: signal.minSamples,
    breachAfter: signal.breachAfter,
    clearAfter: signal.clearAfter,
    intervalMs: probe.interval,
    staleAfterMs: STALE_INTERVALS * probe.interval + probe.timeout,
    countsTraffic: traits.judgedBy === "share" || traits.judgedBy === "allowed-share",
    evidence: traits.evidence ?? "probe",
    ...burnRateOf(signal),
    ...(signal.baseline === undefined ? {} : { baseline: signal.baseline }),
    ...(signal.confirmEvery === undefined
      ? {}
      : { confirm: { everyMs: signal.confirmEvery, overMs: signal.confirmOver } }),
    ...(traits.heldMs === undefined ? {} : { heldMs: traits.heldMs }),
    ...(service === undefined ? {} : { service }),
  };
}

/** The budget takes the place of the share that may be bad. */
function burnRateOf({ burnRate, limit }: SignalSettings): Partial<SignalRule> {
  if (burnRate === undefined) {
    return {};
  }
  const budget = Number((1 - burnRate.objective).toPrecision(12));
  const pairs = burnRate.pairs.map(({ long, short, rate }) => ({
    longMs: long,
    shortMs: short,
    rate,
  }));
  // Of slow requests the limit is what is slow.
  const overMs = limit > 0 ? { overMs: limit * 1000 } : {};
  return {
    burnRate: { budget, pairs },
    limit: budget,
    test: { kind: "share", allowed: budget, ...overMs },
  };
}

function testOf(signal: SignalSettings, { judgedBy }: ProbeTraits): WindowTest {
  switch (judgedBy) {
    case "value":
      return { kind: "all" };
    case "share":
      return { kind: "share", allowed: signal.limit };
    case "requests":
    case "allowed-share":
      return { kind: "share", allowed: signal.allowed, overMs: signal.limit * 1000 };
    default:
      return assertNever(judgedBy);
  }
}

/** The service that answers a probe: the serving one for probes of the origin it serves the release id from. */
function serviceBehind({ url }: ProbeTraits, application: ApplicationSettings): string | undefined {
  if (url === undefined) {
    return undefined;
  }
  const { releaseIdFrom, serving } = application;
  if (releaseIdFrom === undefined) {
    return serving ?? application.services[0]?.name;
  }
  const sameOrigin = new URL(url).origin === new URL(releaseIdFrom.url).origin;
  return sameOrigin ? (serving ?? application.services[0]?.name) : undefined;
}
