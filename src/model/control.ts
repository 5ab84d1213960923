/** The questions rollwatch asks about everything but the application, to know whom to blame. */
export const CONTROLS = ["loopback", "event-loop", "disk", "memory", "database", "pm2"] as const;
export type ControlName = (typeof CONTROLS)[number];

/** A control probe's answer: `green` exonerates, `red` accuses what it checks, `unknown` is not configured or not answered yet. */
export interface Control {
  readonly name: ControlName;
  readonly state: "green" | "red" | "unknown";
  readonly detail: string;
}
