import type { Clock } from "../system/clock.ts";
import type { Http } from "../system/http.ts";
import type { MetricsFolders } from "../system/metrics-folder.ts";
import type { DatabaseActivity } from "../system/postgres-activity.ts";
import type { Database } from "../system/postgres.ts";
import { openScrapes, type Scrapes } from "./scrapes.ts";
import { share, type Shared } from "./shared.ts";

/** What several probes ask together, so that many signals are no more load than one. */
export interface Sources {
  readonly scrapes: Scrapes;
  /** Absent when no database is configured. */
  readonly activity?: Shared<DatabaseActivity>;
}

/** Opens the sources; one set for all probes. */
export function openSources(ports: {
  readonly clock: Clock;
  readonly http: Http;
  readonly metricsFolders: MetricsFolders;
  readonly database?: Database;
}): Sources {
  const { clock, database } = ports;
  const scrapes = openScrapes(ports);
  return database === undefined
    ? { scrapes }
    : { scrapes, activity: share(async (signal) => database.activity(signal), clock) };
}
