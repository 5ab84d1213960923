import type { ApplicationSettings } from "../model/application.ts";
import type { Control } from "../model/control.ts";
import { messageOf } from "../model/failure.ts";
import type { Identity } from "../model/identity.ts";
import type { Pm2Daemon, Service } from "../model/service.ts";
import type { Controls } from "../observe/controls.ts";
import { politeHttp } from "../observe/polite.ts";
import { openContentReader } from "../release/content.ts";
import { observeIdentity, type LedgerPorts } from "../release/ledger.ts";
import type { Clock } from "../system/clock.ts";
import type { Log } from "../system/log.ts";
import type { World } from "./world.ts";

/** How often the parts that cost something are looked at when nothing happens. */
const REFRESH_MS = 5000;
/** Longest look at the services: longer than pm2's own ping, so that a hung daemon is told as such. */
const SERVICES_MS = 2500;
/** Longest look at what is deployed; what was seen last stands until the next one. */
const IDENTITY_MS = 5000;

/** What rollwatch last saw around the signals, and how to look again. */
export interface Surroundings {
  /** The application's services; the last known ones while pm2 does not answer. */
  services(): readonly Service[];
  daemon(): Pm2Daemon | undefined;
  controls(): readonly Control[];
  /** What is deployed, and when that was looked at; undefined before the first look. */
  identity(): Seen | undefined;
  lookAtServices(signal: AbortSignal): Promise<void>;
  /** Looks at everything now; for the moment of a decision. */
  lookAtAll(signal: AbortSignal): Promise<void>;
  /**
   * What is deployed at this moment but for what is served: an application that is down serves anything, and one that hangs
   * would be waited for. Undefined when it cannot be seen in time.
   */
  lookAtDeployed(signal: AbortSignal): Promise<Identity | undefined>;
  /** Looks at identity and controls again and again until the signal aborts. */
  keepLooking(signal: AbortSignal): Promise<void>;
}

/** What was deployed when the look began. */
interface Seen {
  readonly value: Identity;
  readonly at: number;
}

interface SurroundingsPorts {
  readonly world: World;
  readonly controls: Controls;
  readonly log: Log;
}

/** Nothing seen yet. */
export function openSurroundings(
  ports: SurroundingsPorts,
  application: ApplicationSettings,
): Surroundings {
  const { world, log } = ports;
  const names = application.services.map((service) => service.name);
  let services: readonly Service[] = [];
  let daemon: Pm2Daemon | undefined;
  let controls: readonly Control[] = [];
  const identity = latestOf<Identity>(world.clock);
  const lookInTime = observer(world, application);

  async function lookAtServices(signal: AbortSignal): Promise<void> {
    const deadline = world.clock.deadline(SERVICES_MS, signal);
    try {
      daemon = await world.pm2.daemon(deadline);
      if (daemon.kind === "alive") {
        services = await world.pm2.services(names, deadline);
      }
    } catch (error) {
      signal.throwIfAborted();
      log.debug({ error: messageOf(error) }, "pm2 did not answer");
    }
  }

  async function lookAtControls(signal: AbortSignal): Promise<void> {
    controls = await ports.controls.ask(signal);
  }

  async function lookAround(how: "now" | "patient", signal: AbortSignal): Promise<void> {
    const look = identity.look(async () => lookInTime(application, how, signal));
    await Promise.all([lookAtControls(signal), look]);
  }

  async function lookAtAll(signal: AbortSignal): Promise<void> {
    await Promise.all([lookAtServices(signal), lookAround("now", signal)]);
  }

  async function keepLooking(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await lookAround("patient", signal);
      await world.clock.sleep(REFRESH_MS, signal);
    }
  }

  return {
    services: () => services,
    daemon: () => daemon,
    controls: () => controls,
    identity: () => identity.seen(),
    lookAtServices,
    lookAtAll,
    lookAtDeployed: async (signal) => lookInTime(silent(application), "now", signal),
    keepLooking,
  };
}

/** Without what asks the application itself. */
function silent({ releaseIdFrom: _served, ...rest }: ApplicationSettings): ApplicationSettings {
  return rest;
}

type Observe = (
  about: ApplicationSettings,
  how: "now" | "patient",
  signal: AbortSignal,
) => Promise<Identity | undefined>;

/** Reading many files may take longer than one look: it goes on when that is given up, and the next look has its answer. */
function observer(world: World, application: ApplicationSettings): Observe {
  const reader = openContentReader(world.files, world.clock, application);
  const http = politeHttp(world.http, world.clock, REFRESH_MS);
  return async (about, how, signal) => {
    const ledger: LedgerPorts = { ...world, http, content: async () => reader.read(how, signal) };
    return observeInTime(world.clock, ledger, about, signal);
  };
}

/** Keeps the answer of the look that began last: two may overlap, and the wall clock may be set back in between. */
function latestOf<T>(clock: Clock): {
  readonly seen: () => { readonly value: T; readonly at: number } | undefined;
  readonly look: (ask: () => Promise<T | undefined>) => Promise<void>;
} {
  let seen: { readonly value: T; readonly at: number } | undefined;
  let begun = 0;
  let newest = 0;
  return {
    seen: () => seen,
    look: async (ask) => {
      // The moment before the look: what changes during it is found by the next one.
      const at = clock.now();
      begun += 1;
      const order = begun;
      const value = await ask();
      if (value !== undefined && order > newest) {
        newest = order;
        seen = { value, at };
      }
    },
  };
}

/** What is deployed; undefined when it takes too long: a mount that stands still is given up by the one who waits for it. */
async function observeInTime(
  clock: Clock,
  ledger: LedgerPorts,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<Identity | undefined> {
  const deadline = clock.deadline(IDENTITY_MS, signal);
  try {
    return await Promise.race([
      observeIdentity(ledger, application, deadline),
      rejectedBy(deadline),
    ]);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      return undefined;
    }
    throw error;
  }
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
