/** The questions rollwatch asks about everything but the application, to know whom to blame. */
export const CONTROLS = [
  "loopback",
  "event-loop",
  "disk",
  "memory",
  "database",
  "pm2",
  "dns",
  "upstream",
] as const;
export type ControlName = (typeof CONTROLS)[number];

/** A time in which a control was red at every look, ms since the epoch. */
export interface Outage {
  readonly from: number;
  readonly until: number;
  /** What its last red answer said. */
  readonly detail: string;
}

/** A control probe's answer: `green` exonerates, `red` accuses what it checks, `unknown` is not configured or not answered yet. */
export interface Control {
  readonly name: ControlName;
  readonly state: "green" | "red" | "unknown";
  readonly detail: string;
  /** Of a database that takes no more connections: who took them. `application`: what fills the server may be the release. */
  readonly takenBy?: "application" | "others" | "unknown";
  /** The newest time in which it was red, the present one included; absent when it never was since rollwatch's start. */
  readonly outage?: Outage;
}
