import { messageOf } from "../model/failure.ts";
import { openRecovery } from "../model/history.ts";
import { coolDown, warmUp } from "../release/warm.ts";
import type { Daemon } from "./daemon.ts";
import { newestProven } from "./keep-ready.ts";

/** Keeps the warm copy of the newest proven release. */
export interface Warmth {
  /** Makes or checks it in the background; does nothing while a recovery is open, and where it is switched off. */
  begin(): void;
  /** Stops that work and waits until it is gone: a recovery must not rename what is being removed. */
  stop(): Promise<void>;
}

type Parts = Pick<Daemon, "config" | "world" | "log" | "journal" | "catalogue" | "readinesses">;

/**
 * Nothing is done yet.
 *
 * States: resting -> working (begin) -> resting; working -> working (begin again: once more from the start) -> resting (stop).
 */
export function openWarmth(parts: Parts): Warmth {
  let isDue = false;
  let work: { readonly stopping: AbortController; readonly done: Promise<void> } | undefined;

  async function run(signal: AbortSignal): Promise<void> {
    while (isDue && !signal.aborted) {
      isDue = false;
      await warmNewest(parts, signal);
    }
    work = undefined;
  }

  return {
    begin: () => {
      isDue = true;
      if (work === undefined) {
        const stopping = new AbortController();
        // Only after this turn of the event loop: `run` must find `work` set.
        work = { stopping, done: Promise.resolve().then(async () => run(stopping.signal)) };
      }
    },
    stop: async () => {
      isDue = false;
      work?.stopping.abort();
      await work?.done;
    },
  };
}

/** Never throws: a rollback without a warm copy takes longer, and is one all the same. */
async function warmNewest(parts: Parts, signal: AbortSignal): Promise<void> {
  const { config, world, journal, readinesses, log } = parts;
  const history = journal.history();
  const release = newestProven(history)?.id;
  if (openRecovery(history) !== undefined) {
    return;
  }
  try {
    if (!config.release.warm) {
      await coolDown(world.files, config.application.root);
    } else if (release !== undefined && readinesses.get(release)?.kind === "ready") {
      await warm(parts, release, signal);
    }
  } catch (error) {
    if (!signal.aborted) {
      log.error({ release, error: messageOf(error) }, "could not make a warm copy");
    }
  }
}

async function warm(parts: Parts, release: string, signal: AbortSignal): Promise<void> {
  const { config, world, catalogue, log } = parts;
  const came = await warmUp(
    { files: world.files, catalogue },
    config.application.root,
    await catalogue.get(release),
    signal,
  );
  if (came.kind === "made") {
    log.info({ release }, "a warm copy is ready");
  } else if (came.kind === "no-space") {
    log.warn({ release, ...came }, "too little space for a warm copy: a rollback has to copy");
  }
}
