import { z } from "zod";
import { Duration, PositiveDuration, Ratio } from "../model/units.ts";

/** An address that must answer, and not much slower than it did when the release was proven. */
const EndpointSettings = z.strictObject({
  url: z.url({ protocol: /^https?$/u }),
  /** Status codes that are healthy. Default [200]. */
  expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200]),
  /** After this long without a whole answer it failed. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
  /** How much longer than in the baseline the median answer may take: both must be exceeded. */
  slowerThan: z
    .strictObject({
      /** Share of the baseline's time. Default 25%. */
      ratio: Ratio.prefault("25%"),
      /** The least difference that counts. Default 50ms. */
      by: Duration.prefault("50ms"),
    })
    .prefault({}),
});
export type EndpointSettings = z.infer<typeof EndpointSettings>;

const TableName = z
  .string()
  .regex(
    /^[A-Za-z_][A-Za-z0-9_$]*(\.[A-Za-z_][A-Za-z0-9_$]*)?$/u,
    "expected a table such as dose_readings or public.dose_readings",
  );

/** How a restored system is proven. */
export const VerifySettings = z.strictObject({
  /** Time to reconnect and warm up in which a bad sample is not held against the release. Default 15s. */
  settle: Duration.prefault("15s"),
  /** How long every signal must then be ok without a break. Default 10s. */
  steady: Duration.prefault("10s"),
  /** Longest time for all of it; after that the answer is `unknown` or `not proven`. Default 2m. */
  timeout: Duration.prefault("2m"),
  /** Addresses that must answer as they did. Default none. */
  endpoints: z.array(EndpointSettings).default([]),
  /** Tables whose rows may not have become fewer, `name` or `schema.name`. Default none. */
  tables: z.array(TableName).default([]),
  /** Those of the tables that the application itself deletes from: counted, never held against it. Default none. */
  retention: z.array(TableName).default([]),
  /** Rows by which each of the others may have fallen since the release was proven. Default 0. */
  rowsMayFall: z.int().min(0).default(0),
  /** A WebSocket that must connect and answer a ping; absent when there is none. */
  websocket: z
    .strictObject({
      url: z.url({ protocol: /^wss?$/u }),
      /** Text that the first message must contain; without it no message is waited for. */
      expectMessage: z.string().min(1).optional(),
    })
    .optional(),
  logs: z
    .strictObject({
      /** What kinds of errors in the logs do that the release did not have when it was proven: `fail`, `tell` or `off`. Default tell. */
      newErrors: z.enum(["fail", "tell", "off"]).default("tell"),
    })
    .prefault({}),
  /** Highest share of the database's connections in use. Default 90%. */
  connections: Ratio.prefault("90%"),
  /** How much more memory a service may use than when the release was proven; people are told. Default 50%. */
  memoryMayGrow: Ratio.prefault("50%"),
});
export type VerifySettings = z.infer<typeof VerifySettings>;
