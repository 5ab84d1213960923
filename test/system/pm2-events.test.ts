import { mkdtemp, rename, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { openPm2Events, type ServiceEvent } from "../../src/system/pm2-events.ts";
import { pm2EventsContract } from "../contracts/pm2-events.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { fakePm2Events } from "../support/fakes/pm2-events.ts";

/** A message as pm2 frames it: its version and how many arguments, then each with its length. */
function framed(...args: readonly string[]): Buffer {
  const parts = args.map((arg) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(Buffer.byteLength(arg));
    return Buffer.concat([length, Buffer.from(arg)]);
  });
  return Buffer.concat([Buffer.from([(1 << 4) | args.length]), ...parts]);
}

function anEvent(service: string, event: string): Buffer {
  const body = { event, manually: false, process: { name: service, pm_id: 0, SECRET: "x" }, at: 1 };
  return framed("s:process:event", `j:${JSON.stringify(body)}`);
}

interface Bus {
  readonly home: string;
  readonly sockets: readonly Socket[];
  /** Resolves with the next connection. */
  readonly connected: () => Promise<Socket>;
  readonly close: () => Promise<void>;
}

async function aHome(): Promise<string> {
  return mkdtemp(join("/tmp", "rw-"));
}

/** The daemon's end of the bus in a pm2 home. */
async function openBus(home: string): Promise<Bus> {
  const sockets: Socket[] = [];
  const waiting: ((socket: Socket) => void)[] = [];
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    sockets.push(socket);
    waiting.shift()?.(socket);
  });
  await new Promise<void>((resolve) => {
    server.listen(join(home, "pub.sock"), resolve);
  });
  return {
    home,
    sockets,
    connected: async () =>
      new Promise((resolve) => {
        waiting.push(resolve);
      }),
    close: async () => {
      for (const socket of sockets) {
        socket.destroy();
      }
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
}

interface Heard {
  readonly events: readonly ServiceEvent[];
  /** Resolves when as many events were heard. */
  readonly count: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

function listen(home: string, clock = openClock()): Heard {
  const ending = new AbortController();
  const events: ServiceEvent[] = [];
  let onEvent: (() => void) | undefined;
  const listening = openPm2Events(home, clock)
    .listen((event) => {
      events.push(event);
      onEvent?.();
    }, ending.signal)
    .catch((error: unknown) => error);
  return {
    events,
    count: async (count) =>
      new Promise((resolve) => {
        onEvent = () => events.length >= count && resolve();
        onEvent();
      }),
    stop: async () => {
      ending.abort();
      await listening;
    },
  };
}

async function withBus(body: (bus: Bus) => Promise<void>): Promise<void> {
  const home = await aHome();
  const bus = await openBus(home);
  try {
    await body(bus);
  } finally {
    await bus.close();
    await rm(home, { recursive: true, force: true });
  }
}

pm2EventsContract("over a socket", async () => {
  const home = await aHome();
  const bus = await openBus(home);
  const connected = bus.connected();
  return {
    events: openPm2Events(home, openClock()),
    heard: async () => {
      await connected;
    },
    tell: ({ service, event }) => bus.sockets[0]?.write(anEvent(service, event)),
    close: async () => {
      await bus.close();
      await rm(home, { recursive: true, force: true });
    },
  };
});

pm2EventsContract("the fake", async () => {
  const events = fakePm2Events();
  return {
    events,
    heard: async () => undefined,
    tell: (event) => events.tell(event),
    close: async () => undefined,
  };
});

describe("pm2's event bus", () => {
  it("is read between all that the applications log, however the bytes arrive", async () => {
    await withBus(async (bus) => {
      const connected = bus.connected();
      const heard = listen(bus.home);
      const socket = await connected;
      const stream = Buffer.concat([
        framed("s:log:out", `j:${JSON.stringify({ data: "x".repeat(50_000) })}`),
        anEvent("api", "exit"),
        framed("s:process:event:more", "j:{}"),
        framed("s:process:event", "j:{not json"),
        framed("s:process:event", 'j:{"event":5}'),
        framed(),
        framed("s:process:event", "", "s:text"),
        anEvent("poller", "online"),
      ]);

      for (let at = 0; at < stream.length; at += 997) {
        socket.write(stream.subarray(at, at + 997));
      }
      await heard.count(2);

      expect(heard.events).toEqual([
        { service: "api", event: "exit" },
        { service: "poller", event: "online" },
      ]);
      await heard.stop();
    });
  });

  it("passes over an event that is too large", async () => {
    await withBus(async (bus) => {
      const connected = bus.connected();
      const heard = listen(bus.home);
      const socket = await connected;

      socket.write(anEvent("x".repeat(2 * 1024 * 1024), "exit"));
      socket.write(anEvent("api", "exit"));
      await heard.count(1);

      expect(heard.events).toEqual([{ service: "api", event: "exit" }]);
      await heard.stop();
    });
  });

  it("is listened to again after it was closed, or spoke something else", async () => {
    await withBus(async (bus) => {
      const clock = openClock();
      // Waits are not what this is about.
      const hasty = {
        ...clock,
        sleep: async (_ms: number, signal: AbortSignal) => clock.sleep(1, signal),
      };
      const first = bus.connected();
      const heard = listen(bus.home, hasty);
      const second = bus.connected();
      (await first).end();
      const third = bus.connected();
      (await second).write("HTTP/1.1 400 Bad Request");
      (await third).write(anEvent("api", "exit"));
      await heard.count(1);

      expect(heard.events).toEqual([{ service: "api", event: "exit" }]);
      await heard.stop();
    });
  });

  it("is that of the new daemon when another one took the place of a hung one", async () => {
    await withBus(async (hung) => {
      const clock = createManualClock();
      const connected = hung.connected();
      const heard = listen(hung.home, clock);
      await connected;
      await rename(join(hung.home, "pub.sock"), join(hung.home, "old.sock"));
      const fresh = await openBus(hung.home);

      const again = fresh.connected();
      await waitWhile(clock, again);
      (await again).write(anEvent("api", "exit"));
      await heard.count(1);

      expect(heard.events).toHaveLength(1);
      await heard.stop();
      await fresh.close();
    });
  });

  it("is waited for, seldom and seldomer, while there is none", async () => {
    const home = await aHome();
    const clock = createManualClock();
    const waits: number[] = [];
    async function sleep(ms: number, signal: AbortSignal): Promise<void> {
      waits.push(ms);
      await clock.sleep(0, signal);
    }
    let lookups = 0;
    const heard = listen(home, { ...clock, sleep });
    while (waits.filter((ms) => ms !== 5000).length < 7 && lookups < 10_000) {
      lookups += 1;
      await clock.advance(1);
    }

    expect(waits.filter((ms) => ms !== 5000).slice(0, 7)).toEqual([
      500, 1000, 2000, 4000, 8000, 10_000, 10_000,
    ]);
    await heard.stop();
    await rm(home, { recursive: true, force: true });
  });
});

/** Moves time until something outside has come about. */
async function waitWhile(
  clock: ReturnType<typeof createManualClock>,
  thing: Promise<unknown>,
): Promise<void> {
  const nothing = Symbol("nothing");
  for (let turns = 0; turns < 10_000; turns += 1) {
    if ((await Promise.race([thing, Promise.resolve(nothing)])) !== nothing) {
      return;
    }
    await clock.advance(500);
  }
}
