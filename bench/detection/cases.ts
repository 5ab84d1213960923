/** What the target does. With spikes it does so for `badMs` of every `everyMs`, and is healthy between. */
export interface Behaviour {
  readonly name: BehaviourName;
  readonly spikes?: { readonly badMs: number; readonly everyMs: number };
}

type BehaviourName =
  | "healthy"
  | "refuse"
  | "hang"
  | "errors-all"
  | "errors-some"
  | "slow"
  | "websocket-refused"
  | "websocket-mute"
  | "killed"
  /** 500 for the health endpoint alone: customers notice nothing. */
  | "health-errors";

/** How everybody is configured: the same for all. */
export interface Pace {
  /** Time between two probes. */
  readonly intervalMs: number;
  /** Consecutive bad probes that make a decision. */
  readonly badProbes: number;
  readonly timeoutMs: number;
}

/** The watchers that are compared. */
export const WATCHERS = ["rollwatch", "rollwatch-confirming", "monit", "prometheus"] as const;
export type Watcher = (typeof WATCHERS)[number];

/** One fault that lasts until everybody who can has decided. */
export interface FaultCase {
  readonly name: Exclude<BehaviourName, "healthy" | "health-errors">;
  readonly title: string;
  /** How long each of its probes takes to be known as bad; null: as long as the probe's timeout. */
  readonly probeMs: number | null;
  /** Who has no means to see it, as its manual tells. */
  readonly blind: readonly Watcher[];
}

/** How long a slow answer of the target takes. */
const SLOW_MS = 800;

export const FAULTS: readonly FaultCase[] = [
  { name: "refuse", title: "nobody listens any more", probeMs: 0, blind: [] },
  { name: "hang", title: "connections are taken, no answer comes", probeMs: null, blind: [] },
  { name: "errors-all", title: "every request is answered with 500", probeMs: 0, blind: [] },
  {
    name: "errors-some",
    title: "30 % of the requests are answered with 500",
    probeMs: 0,
    // It knows no shares: it would take three probes that fail by chance.
    blind: ["monit"],
  },
  { name: "slow", title: "every answer takes 800 ms", probeMs: SLOW_MS, blind: [] },
  {
    name: "killed",
    title: "the process is killed and cannot start again",
    probeMs: 0,
    blind: [],
  },
  {
    name: "websocket-refused",
    title: "handshakes are refused with 503",
    probeMs: 0,
    blind: [],
  },
  {
    name: "websocket-mute",
    title: "handshakes succeed, no ping is answered",
    probeMs: null,
    // Its TCP probe can speak the handshake, but not a frame.
    blind: ["prometheus"],
  },
];

/** A while in which the target is healthy but noisy: whoever decides then has raised a false alarm. */
export interface NoiseCase {
  readonly name: string;
  readonly title: string;
  readonly behaviour: Behaviour;
}

/** Noise that fits the pace: single bad probes, and two bad ones of each three. */
export function noiseAt({ intervalMs }: Pace): readonly NoiseCase[] {
  return [
    {
      name: "one-slow",
      title: "a pause of one probe in five (garbage collection)",
      behaviour: spikes("slow", intervalMs, 5),
    },
    {
      name: "one-error",
      title: "the health endpoint fails for one probe in five",
      behaviour: spikes("health-errors", intervalMs, 5),
    },
    {
      name: "two-of-three",
      title: "the health endpoint fails for two probes in each three",
      behaviour: {
        name: "health-errors",
        spikes: { badMs: 1.9 * intervalMs, everyMs: 3 * intervalMs },
      },
    },
  ];
}

function spikes(name: BehaviourName, intervalMs: number, oneIn: number): Behaviour {
  return { name, spikes: { badMs: 0.9 * intervalMs, everyMs: oneIn * intervalMs } };
}

/** The cases that were asked for; throws with their names when one does not exist. No names: all. */
export function chooseFaults(names: readonly string[]): readonly FaultCase[] {
  const known: readonly string[] = FAULTS.map((one) => one.name);
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0) {
    throw new Error(`there is no case ${strange.join(", ")}; there are ${known.join(", ")}`);
  }
  return names.length === 0 ? FAULTS : FAULTS.filter((one) => names.includes(one.name));
}

/** Least possible seconds from a fault to a decision: its first probe comes at once, and the last of them is over. */
export function leastSeconds({ probeMs }: FaultCase, pace: Pace): number {
  return ((pace.badProbes - 1) * pace.intervalMs + (probeMs ?? pace.timeoutMs)) / 1000;
}
