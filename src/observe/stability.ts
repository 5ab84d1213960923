import type { Service, ServiceInstance } from "../model/service.ts";
import { isStoppedByPerson } from "../model/service.ts";
import { tellDuration } from "../model/units.ts";

/** A process that lived at least this long has started well; one that ends earlier died young. */
const STABLE_MS = 10_000;
/** Longest time a process may be launching. */
const MAX_LAUNCHING_MS = 30_000;
/** Young deaths in a row after which a service is crash-looping until a process has become stable. */
const LOOPING_AFTER = 3;

/**
 * Tells whether services are down, from one look to the next. pm2 counts a person's restart like a crash: so a restart
 * counts against a service only when the process before it died young, and one such restart only in the look that finds it.
 */
export interface Stability {
  /** Why the service is down, such as `is errored`; undefined when it is not, or when a person stopped it. */
  faultOf(service: Service, now: number): string | undefined;
}

interface Past {
  readonly restarts: number;
  readonly startedAt: number;
  readonly youngDeaths: number;
}

/** A memory of the services' restarts that has seen nothing yet. */
export function createStability(): Stability {
  let past: ReadonlyMap<string, Past> = new Map();

  function instanceFault(key: string, one: ServiceInstance, now: number): string | undefined {
    const before = past.get(key);
    const deaths = youngDeathsSince(before, one);
    const isStable = one.pid !== 0 && now - one.startedAt >= STABLE_MS;
    const youngDeaths = isStable ? 0 : (before?.youngDeaths ?? 0) + deaths;
    const { restarts, startedAt } = one;
    past = new Map([...past, [key, { restarts, startedAt, youngDeaths }]]);
    const isLooping = deaths > 0 || youngDeaths >= LOOPING_AFTER;
    return (
      statusFault(one, now) ??
      (isLooping && !isStable ? `keeps crashing (${restarts} restarts)` : undefined)
    );
  }

  return {
    faultOf: (service, now) => {
      if (service.instances.length === 0) {
        return "is not known to pm2";
      }
      // Every instance is looked at, so that each one's counters are remembered.
      const faults = service.instances.map((one, place) =>
        instanceFault(`${service.name} ${place}`, one, now),
      );
      const isUp = faults.includes(undefined) || isStoppedByPerson(service);
      return isUp ? undefined : faults[0];
    },
  };
}

/** Processes that ended young since the last look; of several in one interval only the first can have been old. */
function youngDeathsSince(before: Past | undefined, one: ServiceInstance): number {
  if (before === undefined || one.restarts <= before.restarts) {
    return 0;
  }
  const firstDiedYoung = one.startedAt - before.startedAt < STABLE_MS;
  return one.restarts - before.restarts - (firstDiedYoung ? 0 : 1);
}

function statusFault(one: ServiceInstance, now: number): string | undefined {
  if (one.status === "errored") {
    return "is errored";
  }
  if (one.status === "waiting-restart") {
    return "crashed and waits for its restart";
  }
  const launchingMs = now - one.startedAt;
  if (one.status === "launching" && launchingMs > MAX_LAUNCHING_MS) {
    return `has been launching for ${tellDuration(launchingMs)}`;
  }
  return undefined;
}
