import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";

/** What clients of the application saw between two moments. */
export interface Seen {
  /** The longest time in which one of them got no right answer, ms. */
  readonly gapMs: number;
  /** Requests that failed, or were answered from half a database. */
  readonly failed: number;
  /** Writes that were acknowledged, by their key. */
  readonly written: readonly string[];
  /** How long acknowledged writes took, ms. */
  readonly writeMs: readonly number[];
}

/** Clients that write and read as services do, and connect again at once when their session ends. */
export interface Clients {
  /** Forgets what was seen up to now. */
  begin(): void;
  /** What was seen since; a client that waits still has waited until now. */
  seen(): Seen;
  /** Every write that was acknowledged since the first. */
  written(): readonly string[];
  /** Lets nobody in until it is let go on: the services stand still. */
  pause(): Promise<void>;
  resume(): void;
  end(): Promise<void>;
}

const WRITERS = 6;
const READERS = 2;
const PACE_MS = 10;
const ANSWER_LIMIT_MS = 2000;
/** What everybody asks for who reads: right where the whole database is there. */
const READ = `select (select count(*)::int from devices) = $1
  and exists (select from readings where id = $2) as whole`;

/** What a reader must find. */
export interface Known {
  readonly devices: number;
  /** The key of the last row of before. */
  readonly lastReading: number;
}

interface Course {
  readonly failures: number[];
  readonly writes: { readonly key: string; readonly at: number; readonly tookMs: number }[];
  /** When each client got its right answers, ms of a clock that only goes forward. */
  readonly right: number[][];
}

/** Starts them. */
export function startClients(url: string, known: Known): Clients {
  const course: Course = { failures: [], writes: [], right: [] };
  const over = new AbortController();
  const door = new EventEmitter();
  let isOpen = true;
  let since = performance.now();
  const busy = new Set<Promise<void>>();

  async function live(index: number, ask: (client: Client) => Promise<boolean>): Promise<void> {
    course.right[index] = [];
    while (!over.signal.aborted) {
      await (isOpen ? undefined : once(door, "open"));
      const session = conduct(url, index, ask);
      busy.add(session);
      await session;
      busy.delete(session);
      await sleep(PACE_MS);
    }
  }

  async function conduct(
    address: string,
    index: number,
    ask: (client: Client) => Promise<boolean>,
  ): Promise<void> {
    const client = new Client({
      connectionString: address,
      query_timeout: ANSWER_LIMIT_MS,
      connectionTimeoutMillis: ANSWER_LIMIT_MS,
    });
    client.on("error", () => undefined);
    try {
      await client.connect();
      while (mayGoOn()) {
        const isRight = await ask(client);
        const marks = isRight ? course.right[index] : course.failures;
        marks?.push(performance.now());
        await sleep(PACE_MS);
      }
    } catch {
      course.failures.push(performance.now());
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  function mayGoOn(): boolean {
    return isOpen && !over.signal.aborted;
  }

  let number = 0;
  async function write(client: Client): Promise<boolean> {
    number += 1;
    const key = `client ${number}`;
    const begun = performance.now();
    await client.query("insert into readings (device, dose, note) values (1, 0.1, $1)", [key]);
    course.writes.push({ key, at: performance.now(), tookMs: performance.now() - begun });
    return true;
  }

  async function read(client: Client): Promise<boolean> {
    const { rows } = await client.query<{ whole: boolean }>(READ, [
      known.devices,
      known.lastReading,
    ]);
    return rows[0]?.whole === true;
  }

  const all = Array.from({ length: WRITERS + READERS }, async (_, index) =>
    live(index, index < WRITERS ? write : read),
  );
  return {
    begin: () => {
      since = performance.now();
    },
    seen: () => {
      const now = performance.now();
      const writes = course.writes.filter(({ at }) => at >= since);
      return {
        gapMs: Math.max(...course.right.map((times) => longestGap(times, since, now))),
        failed: course.failures.filter((at) => at >= since).length,
        written: writes.map(({ key }) => key),
        writeMs: writes.map(({ tookMs }) => tookMs),
      };
    },
    written: () => course.writes.map(({ key }) => key),
    pause: async () => {
      isOpen = false;
      await Promise.all(busy);
    },
    resume: () => {
      isOpen = true;
      door.emit("open");
    },
    end: async () => {
      over.abort();
      isOpen = true;
      door.emit("open");
      await Promise.all(all);
    },
  };
}

function longestGap(times: readonly number[], since: number, now: number): number {
  const marks = [since, ...times.filter((at) => at >= since), now];
  const gaps = marks.slice(1).map((mark, index) => mark - (marks[index] ?? mark));
  return Math.max(...gaps);
}
