import { openRecovery } from "../model/history.ts";
import { tellDuration } from "../model/units.ts";
import type { Daemon } from "./daemon.ts";

/**
 * A cycle is a turn of the loop that came to its end, over samples that still come: `completed`. A turn over none is `blind`.
 * While a recovery holds the loop up, each sample is a cycle as long as the recovery goes on from step to step.
 */
export type Cycle =
  | { readonly kind: "completed" }
  | { readonly kind: "blind"; readonly reason: string };

/** The cycles of a daemon. */
export interface Cycles {
  /** A turn of the loop is over. */
  turned(): void;
  /** Calls `listener` after each cycle. */
  onCycle(listener: (cycle: Cycle) => void): void;
}

/** Beyond the interval and the timeout of the signal that is asked most often. */
const SLACK_MS = 15_000;
/** Longest time between two entries of a recovery: that of a large restore. A step has its own deadline, which is shorter. */
const LONGEST_STEP_MS = 2 * 60 * 60_000;

/** Counts the cycles of a daemon from now on. */
export function openCycles({
  config,
  world,
  observatory,
  journal,
}: Pick<Daemon, "config" | "world" | "observatory" | "journal">): Cycles {
  const { clock } = world;
  const listeners: ((cycle: Cycle) => void)[] = [];
  const longestMs = longestSilenceMs(config.signals.map(({ probe }) => probe));
  let sampledAt = clock.monotonic();
  let enteredAt = clock.monotonic();

  function tell(cycle: Cycle): void {
    for (const listener of listeners) {
      listener(cycle);
    }
  }

  journal.onEntry(() => {
    enteredAt = clock.monotonic();
  });
  observatory.onSample(() => {
    const now = clock.monotonic();
    sampledAt = now;
    const isRecovering = openRecovery(journal.history()) !== undefined;
    if (isRecovering && now - enteredAt < LONGEST_STEP_MS) {
      tell({ kind: "completed" });
    }
  });
  return {
    turned: () => {
      const ageMs = clock.monotonic() - sampledAt;
      const reason = `no probe has answered for ${tellDuration(ageMs)}`;
      tell(ageMs < longestMs ? { kind: "completed" } : { kind: "blind", reason });
    },
    onCycle: (listener) => {
      listeners.push(listener);
    },
  };
}

function longestSilenceMs(
  probes: readonly { readonly interval: number; readonly timeout: number }[],
): number {
  return Math.min(...probes.map(({ interval, timeout }) => interval + timeout)) + SLACK_MS;
}
