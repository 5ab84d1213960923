import { assertNever } from "../model/assert-never.ts";
import { messageOf } from "../model/failure.ts";
import type {
  ConnectionHealth,
  DatabaseHealth,
  Health,
  LogHealth,
  MemoryHealth,
  WebsocketHealth,
} from "../model/health.ts";
import { childOf } from "../system/abort.ts";
import type { Clock } from "../system/clock.ts";
import type { Http } from "../system/http.ts";
import type { Database } from "../system/postgres.ts";
import type { Websocket } from "../system/websocket.ts";
import { takeEndpoint } from "./endpoint.ts";
import type { VerifySettings } from "./settings.ts";
import { errorSignatures, type LogRead } from "./signatures.ts";

/** What a look at the health needs of the world; parts whose port is missing are left out. */
export interface HealthPorts {
  readonly clock: Clock;
  readonly http: Http;
  readonly database?: Pick<Database, "check" | "activity" | "rowCounts">;
  readonly websocket?: Websocket;
  /** The log files of the services, as far as they may be read. */
  readonly logs?: (signal: AbortSignal) => Promise<readonly LogRead[]>;
  /** Resident memory of each running service. */
  readonly memory?: (
    signal: AbortSignal,
  ) => Promise<readonly { readonly name: string; readonly rssBytes: number }[]>;
}

/** Longest time for each part. */
const PART_MS = 5000;
/** Less than a part has, so that it is the target that was late. */
const WEBSOCKET_MS = 4000;

/**
 * How the application is at this moment; its logs since `since`, ms since the epoch. Every part has a deadline of its own,
 * and none throws: what could not be seen is `unknown`, with the reason.
 */
export async function takeHealth(
  ports: HealthPorts,
  settings: VerifySettings,
  since: number,
  signal: AbortSignal,
): Promise<Health> {
  const limits = { clock: ports.clock, signal };
  const [logs, endpoints, database, tables, connections, memory, websocket] = await Promise.all([
    takeLogs(ports, settings, { ...limits, since }),
    Promise.all(settings.endpoints.map(async (one) => takeEndpoint(ports, one, signal))),
    takeDatabase(ports, limits),
    takeTables(ports, settings, limits),
    takeConnections(ports, limits),
    takeMemory(ports, limits),
    takeWebsocket(ports, settings, limits),
  ]);
  return {
    at: ports.clock.now(),
    endpoints: [...endpoints],
    tables: [...tables],
    ...(logs === undefined ? {} : { logs }),
    ...(database === undefined ? {} : { database }),
    ...(connections === undefined ? {} : { connections }),
    ...(memory === undefined ? {} : { memory }),
    ...(websocket === undefined ? {} : { websocket }),
  };
}

interface Limits {
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

async function takeLogs(
  { logs }: HealthPorts,
  settings: VerifySettings,
  { since, ...limits }: Limits & { readonly since: number },
): Promise<LogHealth | undefined> {
  if (logs === undefined || settings.logs.newErrors === "off") {
    return undefined;
  }
  return inTime<LogHealth>(
    limits,
    async (deadline) =>
      errorSignatures(await logs(deadline), since, async () => limits.clock.sleep(0, deadline)),
    unknown,
  );
}

async function takeDatabase(
  { database }: HealthPorts,
  limits: Limits,
): Promise<DatabaseHealth | undefined> {
  return (
    database &&
    inTime<DatabaseHealth>(
      limits,
      async (deadline) => {
        const answer = await database.check(deadline);
        if (answer.kind === "answers") {
          return { kind: "known", version: answer.version };
        }
        return answer.local === undefined
          ? { kind: "failed", detail: answer.detail }
          : unknown(answer.detail);
      },
      unknown,
    )
  );
}

async function takeTables(
  { database }: HealthPorts,
  settings: VerifySettings,
  limits: Limits,
): Promise<Health["tables"]> {
  const tables = [...settings.tables];
  if (database === undefined || tables.length === 0) {
    return [];
  }
  return inTime<Health["tables"]>(
    limits,
    async (deadline) => {
      const counts = await database.rowCounts(tables, deadline);
      return counts.map(({ table, ...count }) => ({ table, count }));
    },
    (reason) => tables.map((table) => ({ table, count: unknown(reason) })),
  );
}

async function takeConnections(
  { database }: HealthPorts,
  limits: Limits,
): Promise<ConnectionHealth | undefined> {
  return (
    database &&
    inTime<ConnectionHealth>(
      limits,
      async (deadline) => {
        const activity = await database.activity(deadline);
        return activity.kind === "answers"
          ? { kind: "known", used: activity.connections, max: activity.maxConnections }
          : unknown(activity.detail);
      },
      unknown,
    )
  );
}

async function takeMemory(
  { memory }: HealthPorts,
  limits: Limits,
): Promise<MemoryHealth | undefined> {
  return (
    memory &&
    inTime<MemoryHealth>(
      limits,
      async (deadline) => ({ kind: "known", services: [...(await memory(deadline))] }),
      unknown,
    )
  );
}

async function takeWebsocket(
  { websocket }: HealthPorts,
  { websocket: settings }: VerifySettings,
  limits: Limits,
): Promise<WebsocketHealth | undefined> {
  if (websocket === undefined || settings === undefined) {
    return undefined;
  }
  const { url, expectMessage } = settings;
  const expected = expectMessage === undefined ? {} : { expectMessage };
  const dial = { url, ...expected, timeoutMs: WEBSOCKET_MS };
  return inTime<WebsocketHealth>(
    limits,
    async (deadline) => {
      const talk = await websocket.converse(dial, deadline);
      switch (talk.kind) {
        case "fine":
          return { kind: "known", roundTripMs: talk.totalMs };
        case "declined":
          return { kind: "failed", detail: `the handshake was answered with HTTP ${talk.status}` };
        case "failed":
          return { kind: "failed", detail: talk.detail };
        case "local":
          return unknown(talk.detail);
        default:
          return assertNever(talk);
      }
    },
    unknown,
  );
}

/** What `work` answers, or what `otherwise` makes of its failure; work that ignores its deadline is left behind. */
async function inTime<T>(
  { clock, signal }: Limits,
  work: (deadline: AbortSignal) => Promise<T>,
  otherwise: (reason: string) => T,
): Promise<T> {
  const part = childOf(signal);
  const deadline = clock.deadline(PART_MS, part.signal);
  try {
    return await Promise.race([work(deadline), rejectedBy(deadline)]);
  } catch (error) {
    signal.throwIfAborted();
    return otherwise(messageOf(error));
  } finally {
    // Ends the deadline's timer too.
    part.abort();
    part.release();
  }
}

async function rejectedBy(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function unknown(reason: string): { kind: "unknown"; reason: string } {
  return { kind: "unknown", reason };
}
