import { messageOf } from "../model/failure.ts";
import type { Control } from "../model/control.ts";
import { recordSample, type Recorded, type RecordedControl } from "../model/recording.ts";
import type { Service } from "../model/service.ts";
import { recordingStopped } from "../notify/notices-people.ts";
import { openTimeWatch } from "../observe/time-watch.ts";
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
  const { config, world, observatory, journal } = daemon;
  const { clock } = world;
  const time = openTimeWatch(clock, world.eventLoop);
  const last = new Map<string, string>();
  const recorder = openRecorder({
    settings: config.recording,
    state: config.state,
    application: config.application.name,
    version,
    clock,
    segments: openSegments(),
    beginning: () => [...deployedEvents(daemon), ...presentEvents(daemon)],
    onFailure: (reason) => {
      tellIfPossible(daemon, reason);
    },
  });
  observatory.onSample((sample) => {
    for (const event of time.look()) {
      recorder.record({ ...event, at: clock.now() });
    }
    recorder.record(recordSample(sample));
  });
  journal.onEntry(({ fact, at }) => {
    if (fact.kind === "change-seen") {
      recorder.record({ kind: "change", at, change: fact.change });
    }
  });
  return {
    run: async (signal) => {
      await recorder.run(signal);
      time.close();
    },
    look: () => {
      for (const event of presentEvents(daemon)) {
        const seen = JSON.stringify({ ...event, at: 0 });
        if (last.get(event.kind) !== seen) {
          last.set(event.kind, seen);
          recorder.record(event);
        }
      }
    },
  };
}

function deployedEvents({ journal, world }: Daemon): readonly Recorded[] {
  const identity = journal.history().identity?.value;
  return identity === undefined ? [] : [{ kind: "identity", at: world.clock.now(), identity }];
}

function presentEvents({ surroundings, world }: Daemon): readonly Recorded[] {
  const at = world.clock.now();
  return [controlsEvent(surroundings.controls(), at), servicesEvent(surroundings.services(), at)];
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
