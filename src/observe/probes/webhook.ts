import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import type { HeardReport, Inbox } from "../../system/inbox.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";

/** What any other program tells by the generic webhook: 1 while its last word is bad, else 0. */
export const WebhookProbeSettings = z
  .strictObject({
    kind: z.literal("webhook"),
    /** The last word is not believed any more after this time. Default: it stands until the next one. */
    staleAfter: PositiveDuration.optional(),
    /** Time between two looks at what was heard. Default 5s. */
    interval: PositiveDuration.prefault("5s"),
  })
  // It waits for nobody.
  .transform((settings) => ({ ...settings, timeout: 1000 }));
export type WebhookProbeSettings = z.infer<typeof WebhookProbeSettings>;

/** Where reports arrive. */
export interface WebhookProbePorts {
  readonly inbox: Inbox;
  readonly clock: Clock;
  readonly secrets: readonly string[];
}

/** A probe that measures whether the last word about its signal was bad. Before the first there is no answer. */
export function createWebhookProbe(
  name: string,
  settings: WebhookProbeSettings,
  ports: WebhookProbePorts,
): Probe {
  const { kind, interval, timeout } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async () => readingOf(name, await ports.inbox.lastReport(name), { settings, ports }),
  };
}

function readingOf(
  name: string,
  report: HeardReport | undefined,
  {
    settings,
    ports,
  }: { readonly settings: WebhookProbeSettings; readonly ports: WebhookProbePorts },
): Reading {
  if (report === undefined) {
    const detail = `nobody has ever told of ${name} at POST /api/v1/webhooks/generic`;
    return { kind: "absent", reason: "nothing-told", detail };
  }
  const { at, state, reason, by } = report;
  const ageMs = Math.max(ports.clock.now() - at, 0);
  const told = `${by}, ${tellDuration(ageMs)} ago: ${state}, ${tellForeign(reason, ports.secrets)}`;
  return ageMs > (settings.staleAfter ?? Infinity)
    ? { kind: "absent", reason: "outdated", detail: `too old: ${told}` }
    : { kind: "measured", value: state === "bad" ? 1 : 0, detail: told };
}
