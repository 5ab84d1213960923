import { z } from "zod";

/** What was asked and could not be answered, for a reason on the watcher's side. */
const Unknown = z.object({ kind: z.literal("unknown"), reason: z.string() });
/** What was asked and the application or its database got wrong. */
const Failed = z.object({ kind: z.literal("failed"), detail: z.string() });

/** A kind of error line in the logs: times, numbers, names in quotes and the like replaced, at most 200 characters. */
const ErrorSignature = z.object({ text: z.string(), count: z.number() });
export type ErrorSignature = z.infer<typeof ErrorSignature>;

const LogHealth = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("known"),
    /** The most frequent ones, at most 200. */
    signatures: z.array(ErrorSignature),
    /** Whether lines or signatures had to be left out: too many, or lost when a file was rotated. */
    isCut: z.boolean(),
  }),
  Unknown,
]);
export type LogHealth = z.infer<typeof LogHealth>;

const EndpointHealth = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("known"),
    status: z.number(),
    /** Medians over a few requests, each from the moment the request was due. */
    connectMs: z.number().optional(),
    firstByteMs: z.number().optional(),
    totalMs: z.number(),
  }),
  Failed,
  Unknown,
]);
export type EndpointHealth = z.infer<typeof EndpointHealth>;

const DatabaseHealth = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("known"), version: z.string() }),
  Failed,
  Unknown,
]);
export type DatabaseHealth = z.infer<typeof DatabaseHealth>;

const TableHealth = z.discriminatedUnion("kind", [
  /** `isExact` is false for the planner's estimate, which large tables are given. */
  z.object({ kind: z.literal("known"), rows: z.number(), isExact: z.boolean() }),
  Unknown,
]);
export type TableHealth = z.infer<typeof TableHealth>;

const ConnectionHealth = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("known"), used: z.number(), max: z.number() }),
  Unknown,
]);
export type ConnectionHealth = z.infer<typeof ConnectionHealth>;

const MemoryHealth = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("known"),
    /** Resident memory of all processes of each service. */
    services: z.array(z.object({ name: z.string(), rssBytes: z.number() })),
  }),
  Unknown,
]);
export type MemoryHealth = z.infer<typeof MemoryHealth>;

const WebsocketHealth = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("known"), roundTripMs: z.number() }),
  Failed,
  Unknown,
]);
export type WebsocketHealth = z.infer<typeof WebsocketHealth>;

/** How an application was at one moment; a part that nobody configured is absent. Holds no secret. */
export const Health = z.object({
  /** ms since the epoch. */
  at: z.number(),
  logs: LogHealth.optional(),
  /** `url` without credentials and without the values of its query. */
  endpoints: z.array(z.object({ url: z.string(), answer: EndpointHealth })),
  database: DatabaseHealth.optional(),
  tables: z.array(z.object({ table: z.string(), count: TableHealth })),
  connections: ConnectionHealth.optional(),
  memory: MemoryHealth.optional(),
  websocket: WebsocketHealth.optional(),
});
export type Health = z.infer<typeof Health>;
