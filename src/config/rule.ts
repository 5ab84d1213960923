import type { ApplicationSettings } from "../model/application.ts";
import { assertNever } from "../model/assert-never.ts";
import type { SignalRule } from "../model/signal.ts";
import type { ProbeSettings } from "../observe/probes/index.ts";
import type { SignalSettings } from "./schema.ts";

/** A signal counts as stale after this many intervals without a sample, and one timeout. */
const STALE_INTERVALS = 3;

/** How a configured signal is judged. */
export function ruleOf(signal: SignalSettings, application: ApplicationSettings): SignalRule {
  const { probe } = signal;
  const service = serviceBehind(probe, application);
  return {
    name: signal.name,
    trigger: signal.trigger,
    unit: unitOf(probe),
    limit: signal.limit,
    window: signal.window,
    minSamples: signal.minSamples,
    breachAfter: signal.breachAfter,
    clearAfter: signal.clearAfter,
    intervalMs: probe.interval,
    staleAfterMs: STALE_INTERVALS * probe.interval + probe.timeout,
    ...(service === undefined ? {} : { service }),
  };
}

function unitOf(probe: ProbeSettings): string {
  switch (probe.kind) {
    case "http":
      return "failures";
    case "pm2":
      return "services down";
    default:
      return assertNever(probe);
  }
}

/** The service that answers a probe: the serving one for probes of the origin it serves the release id from. */
function serviceBehind(probe: ProbeSettings, application: ApplicationSettings): string | undefined {
  if (probe.kind !== "http") {
    return undefined;
  }
  const { releaseIdFrom, serving } = application;
  if (releaseIdFrom === undefined) {
    return serving ?? application.services[0]?.name;
  }
  const sameOrigin = new URL(probe.url).origin === new URL(releaseIdFrom.url).origin;
  return sameOrigin ? (serving ?? application.services[0]?.name) : undefined;
}
