import type { AlertmanagerMessage } from "../model/incoming.ts";
import type { Clock } from "./clock.ts";

/** An alert that fired when Alertmanager last spoke of it. */
export interface FiringAlert {
  readonly fingerprint: string;
  readonly labels: ReadonlyMap<string, string>;
  /** The annotation `summary`, else `description`, else nothing. */
  readonly summary: string;
  /** When it was last spoken of, in monotonic time. */
  readonly heardAt: number;
}

/** The alerts that fire, as far as Alertmanager said. */
export interface AlertBoard {
  hear(message: AlertmanagerMessage): void;
  /** Undefined while Alertmanager was never heard; `heardAt`: when it last was, in monotonic time. */
  now(): { readonly heardAt: number; readonly firing: readonly FiringAlert[] } | undefined;
}

/** Whoever sends more than this shall not fill the memory: the oldest are forgotten. */
const MOST_ALERTS = 1000;
const MOST_LABELS = 64;
const LONGEST_TEXT = 1024;
/** Of an alert that is neither repeated nor resolved for so long nobody will hear again. */
const FORGOTTEN_AFTER_MS = 24 * 60 * 60_000;

/** A board without any alert. */
export function openAlertBoard(clock: Pick<Clock, "monotonic">): AlertBoard {
  const alerts = new Map<string, FiringAlert & { readonly group: string }>();
  let last: number | undefined;

  /** A whole message names every alert of its group that still fires. */
  function forgetGroup(group: string): void {
    for (const [key, alert] of alerts) {
      if (alert.group === group) {
        alerts.delete(key);
      }
    }
  }

  function forgetOld(heardAt: number): void {
    for (const [key, alert] of alerts) {
      if (alerts.size > MOST_ALERTS || heardAt - alert.heardAt > FORGOTTEN_AFTER_MS) {
        alerts.delete(key);
      }
    }
  }

  return {
    hear: ({ groupKey: group, truncatedAlerts, alerts: told }) => {
      const heardAt = clock.monotonic();
      last = heardAt;
      if (truncatedAlerts === 0) {
        forgetGroup(group);
      }
      for (const { status, fingerprint, labels, annotations } of told) {
        const key = `${fingerprint} ${group}`;
        // Deleted first, so that the one that was spoken of last stands last.
        alerts.delete(key);
        if (status === "firing") {
          const summary = annotations["summary"] ?? annotations["description"] ?? "";
          const known = { fingerprint, labels: keptOf(labels), heardAt, group };
          alerts.set(key, { ...known, summary: summary.slice(0, LONGEST_TEXT) });
        }
      }
      forgetOld(heardAt);
    },
    now: () => (last === undefined ? undefined : { heardAt: last, firing: [...alerts.values()] }),
  };
}

function keptOf(labels: Readonly<Record<string, string>>): ReadonlyMap<string, string> {
  const entries = Object.entries(labels).slice(0, MOST_LABELS);
  return new Map(
    entries.map(([name, value]) => [name.slice(0, LONGEST_TEXT), value.slice(0, LONGEST_TEXT)]),
  );
}
