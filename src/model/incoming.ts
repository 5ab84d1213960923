import { z } from "zod";
import type { Person } from "./people.ts";
import { words } from "./words.ts";

/** A service that is to say again and again that it is at work. */
export interface ExpectedHeartbeat {
  /** The signal that its silence breaches. */
  readonly signal: string;
  /** What the service must show; absent: whoever asks on this host. */
  readonly token?: string;
}

/** The alerts of one group as Alertmanager notifies of them (webhook, version 4); what is not used here may be anything. */
export const AlertmanagerMessage = z.object({
  version: z.literal("4"),
  groupKey: z.string().max(4096),
  /** Alerts of the group that the message leaves out. */
  truncatedAlerts: z.number().min(0).default(0),
  alerts: z
    .array(
      z.object({
        status: z.enum(["firing", "resolved"]),
        labels: z.record(z.string(), z.string()),
        annotations: z.record(z.string(), z.string()).default({}),
        fingerprint: z.string().min(1).max(128),
      }),
    )
    .max(5000),
});
export type AlertmanagerMessage = z.infer<typeof AlertmanagerMessage>;

/** What any other program found out about a signal whose probe is `webhook`; it stands until the next one. */
export const SignalReportRequest = z.strictObject({
  signal: z.string().min(1).max(200),
  state: z.enum(["bad", "good"]),
  reason: words(500),
});
export type SignalReportRequest = z.infer<typeof SignalReportRequest>;

/** What others tell rollwatch without being asked. */
export interface Incoming {
  readonly heartbeats: readonly ExpectedHeartbeat[];
  /** The service of this signal is at work now. */
  checkIn(signal: string): Promise<void>;
  hearAlerts(message: AlertmanagerMessage): Promise<void>;
  /** Throws `signal-unknown` when no signal of this name is told by webhooks. */
  hearReport(report: SignalReportRequest, by: Person): Promise<void>;
}
