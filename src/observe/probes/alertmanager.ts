import { z } from "zod";
import type { AbsenceReason, Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { FiringAlert } from "../../system/alert-board.ts";
import type { Clock } from "../../system/clock.ts";
import type { Inbox } from "../../system/inbox.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";

/** Counts the alerts that fire, as far as Alertmanager tells by its webhook. */
export const AlertmanagerProbeSettings = z
  .strictObject({
    kind: z.literal("alertmanager"),
    /** Labels that an alert must have to count, each with the value given here. */
    match: z
      .record(z.string().min(1), z.string())
      .refine((labels) => Object.keys(labels).length > 0, "expected at least one label"),
    /** An alert, and Alertmanager itself, not heard of for so long is not believed any more. Default 15m. */
    staleAfter: PositiveDuration.prefault("15m"),
    /** Time between two looks at what was heard. Default 5s. */
    interval: PositiveDuration.prefault("5s"),
  })
  // It waits for nobody.
  .transform((settings) => ({ ...settings, timeout: 1000 }));
export type AlertmanagerProbeSettings = z.infer<typeof AlertmanagerProbeSettings>;

/** Where alerts arrive. */
export interface AlertmanagerProbePorts {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly secrets: readonly string[];
}

const MOST_NAMED = 3;

/** A probe that measures how many matching alerts fire. What Alertmanager does not repeat in time proves nothing. */
export function createAlertmanagerProbe(
  name: string,
  settings: AlertmanagerProbeSettings,
  ports: AlertmanagerProbePorts,
): Probe {
  const { kind, interval, timeout } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async () => look(settings, ports),
  };
}

function look(
  { match, staleAfter }: AlertmanagerProbeSettings,
  { inbox, clock, secrets }: AlertmanagerProbePorts,
): Reading {
  const heard = inbox.alerts();
  if (heard === undefined) {
    return absent("nothing-told", "Alertmanager was not heard since rollwatch started");
  }
  const now = clock.monotonic();
  const wanted = Object.entries(match);
  const matching = heard.firing.filter(({ labels }) =>
    wanted.every(([label, value]) => labels.get(label) === value),
  );
  const firing = matching.filter(({ heardAt }) => now - heardAt <= staleAfter);
  if (firing.length > 0) {
    return tellFiring(firing, secrets);
  }
  const newest = Math.max(...matching.map(({ heardAt }) => heardAt));
  if (matching.length > 0) {
    const detail = `what fired ${tellDuration(now - newest)} ago was neither repeated nor resolved since`;
    return absent("outdated", detail);
  }
  const silentMs = now - heard.heardAt;
  return silentMs > staleAfter
    ? absent("outdated", `Alertmanager was last heard ${tellDuration(silentMs)} ago`)
    : { kind: "measured", value: 0, detail: "no such alert fires" };
}

/** The same alert may come by several groups. */
function tellFiring(firing: readonly FiringAlert[], secrets: readonly string[]): Reading {
  const alerts = [...new Map(firing.map((one) => [one.fingerprint, one])).values()];
  const named = alerts.slice(0, MOST_NAMED).map(({ labels, summary }) => {
    const alert = labels.get("alertname") ?? "an alert without a name";
    return summary === "" ? alert : `${alert} (${summary})`;
  });
  const more = alerts.length > MOST_NAMED ? `, and ${alerts.length - MOST_NAMED} more` : "";
  const told = tellForeign(named.join(", "), secrets);
  return { kind: "measured", value: alerts.length, detail: `firing: ${told}${more}` };
}

function absent(reason: AbsenceReason, detail: string): Reading {
  return { kind: "absent", reason, detail };
}
