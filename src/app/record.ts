import { messageOf } from "../model/failure.ts";
import type { Control } from "../model/control.ts";
import type { Identity } from "../model/identity.ts";
import { recordSample, type Recorded, type RecordedControl } from "../model/recording.ts";
import type { Service } from "../model/service.ts";
import { recordingStopped } from "../notify/notices-people.ts";
import { openSegments } from "../system/segments.ts";
import type { Daemon } from "./daemon.ts";
import { openRecorder, type Recorder } from "./recorder.ts";

/** The recorder of a daemon with everything that it listens to. */
export interface Recording extends Pick<Recorder, "run"> {
  /** Notes controls and services where they are not as they were. */
  look(): void;
}

/** Records samples and changes as they come from now on. */
export function startRecording(daemon: Daemon, version: string): Recording {
  const { config, world, surroundings, observatory, journal } = daemon;
  const { clock } = world;
  const last = new Map<string, string>();
  const recorder = openRecorder({
    settings: config.recording,
    state: config.state,
    application: config.application.name,
    version,
    clock,
    segments: openSegments(),
    beginning: () => {
      const identity = journal.history().identity?.value;
      return [...present(), ...(identity === undefined ? [] : [identityEvent(identity)])];
    },
    onFailure: (reason) => {
      tellIfPossible(daemon, reason);
    },
  });

  function identityEvent(identity: Identity): Recorded {
    return { kind: "identity", at: clock.now(), identity };
  }

  function present(): readonly Recorded[] {
    const at = clock.now();
    return [controlsEvent(surroundings.controls(), at), servicesEvent(surroundings.services(), at)];
  }

  observatory.onSample((sample) => recorder.record(recordSample(sample)));
  journal.onEntry(({ fact, at }) => {
    if (fact.kind === "change-seen") {
      recorder.record({ kind: "change", at, change: fact.change });
    }
  });
  return {
    run: async (signal) => recorder.run(signal),
    look: () => {
      for (const event of present()) {
        const seen = JSON.stringify({ ...event, at: 0 });
        if (last.get(event.kind) !== seen) {
          last.set(event.kind, seen);
          recorder.record(event);
        }
      }
    },
  };
}

/** The journal may lie on the same full disk, which then is for it to say. */
function tellIfPossible(daemon: Daemon, reason: string): void {
  const { config, world, log } = daemon;
  log.error({ reason }, "samples are not recorded any more, until the next start");
  try {
    daemon.tell(recordingStopped(config.application.name, reason, world.clock.now()));
  } catch (error) {
    log.error({ error: messageOf(error) }, "nobody could be told so");
  }
}

function controlsEvent(controls: readonly Control[], at: number): Recorded {
  return {
    kind: "controls",
    at,
    controls: controls.map(recordControl),
  };
}

function recordControl({ name, state, takenBy, outage }: Control): RecordedControl {
  return {
    name,
    state,
    ...(takenBy === undefined ? {} : { takenBy }),
    // While it is red the state says so, and the outage grows with every look.
    ...(outage === undefined || state === "red"
      ? {}
      : { outage: { from: outage.from, until: outage.until } }),
  };
}

function servicesEvent(services: readonly Service[], at: number): Recorded {
  return {
    kind: "services",
    at,
    services: services.map(({ name, instances }) => ({
      name,
      instances: instances.map(({ status, restarts, startedAt, autorestart }) => ({
        status,
        restarts,
        startedAt,
        autorestart,
      })),
    })),
  };
}
