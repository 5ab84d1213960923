import { stat } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { z } from "zod";
import { createTopicReader } from "./amp-topics.ts";
import { withChild } from "./abort.ts";
import type { Clock } from "./clock.ts";

/** Something that befell a process of a service: word of pm2's, to be confirmed by a look. */
export interface ServiceEvent {
  readonly service: string;
  /** pm2's own word, such as `exit`, `online`, `restart overlimit`. */
  readonly event: string;
}

/** What pm2 tells unasked. */
export interface Pm2Events {
  /**
   * Calls `onEvent` for every event until the signal aborts, then rejects with its reason. Without a daemon it waits for one,
   * and when the daemon is replaced it listens to the new one.
   */
  listen(onEvent: (event: ServiceEvent) => void, signal: AbortSignal): Promise<never>;
}

const TOPIC = "process:event";
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 10_000;
/** How often it is looked whether the socket is still that of the daemon which is listened to. */
const LOOK_MS = 5000;

const ProcessEvent = z.object({
  event: z.string().max(100),
  process: z.object({ name: z.string().max(300) }),
});

/** The event bus of the pm2 with this home. */
export function openPm2Events(home: string, clock: Clock): Pm2Events {
  const path = join(home, "pub.sock");
  return {
    listen: async (onEvent, signal) => {
      for (let retryMs = FIRST_RETRY_MS; ;) {
        const begun = clock.monotonic();
        await withChild(signal, async (own) => listenOnce(path, { clock, onEvent }, own));
        signal.throwIfAborted();
        const wasThere = clock.monotonic() - begun > LONGEST_RETRY_MS;
        await clock.sleep(wasThere ? FIRST_RETRY_MS : retryMs, signal);
        retryMs = wasThere ? FIRST_RETRY_MS : Math.min(retryMs * 2, LONGEST_RETRY_MS);
      }
    },
  };
}

interface Listening {
  readonly clock: Clock;
  readonly onEvent: (event: ServiceEvent) => void;
}

/** One connection until it ends, however it does. */
async function listenOnce(
  path: string,
  { clock, onEvent }: Listening,
  signal: AbortSignal,
): Promise<void> {
  const inode = await inodeOf(path);
  const socket = connect({ path });
  const reader = createTopicReader(TOPIC, (body) => {
    const { data } = ProcessEvent.safeParse(body);
    if (data !== undefined) {
      onEvent({ service: data.process.name, event: data.event });
    }
  });
  socket.on("data", (chunk: Buffer) => {
    try {
      reader.take(chunk);
    } catch {
      // Not what pm2 speaks: the next connection begins anew.
      socket.destroy();
    }
  });
  // The close that follows says enough.
  socket.on("error", () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.once("close", () => resolve());
  });
  try {
    await Promise.race([closed, untilReplaced(path, inode, clock, signal)]);
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
  } finally {
    socket.destroy();
  }
}

/** A hung daemon keeps its connections although another one has taken its place. */
async function untilReplaced(
  path: string,
  inode: number | undefined,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  do {
    await clock.sleep(LOOK_MS, signal);
  } while ((await inodeOf(path)) === inode);
}

async function inodeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).ino;
  } catch {
    return undefined;
  }
}
