import { z } from "zod";
import { databaseUrl } from "../model/database-url.ts";
import { PolicySettings } from "../decide/policy.ts";
import { ApplicationSettings, ServiceName } from "../model/application.ts";
import { PeopleSettings } from "../model/people.ts";
import { RecordingSettings } from "../model/recording.ts";
import type { Window } from "../model/signal.ts";
import { TRIGGERS } from "../model/trigger.ts";
import { WatchdogSettings } from "../model/watchdog.ts";
import { Limit, parseDuration, PositiveDuration, Ratio } from "../model/units.ts";
import { NotifySettings } from "../notify/settings.ts";
import { StatusPageSettings } from "../notify/status-page/settings.ts";
import { ProbeSettings, traitsOf } from "../observe/probes/index.ts";
import { DownMigrationSettings } from "../release/migration-settings.ts";
import {
  DatabaseRollbackSettings,
  DumpSettings,
  PgBouncerSettings,
  ReleaseSettings,
} from "../release/settings.ts";
import { VerifySettings } from "../verify/settings.ts";

/** The watched database; without it rollwatch neither checks it nor knows the schema's revision. */
export const DatabaseSettings = z.strictObject({
  /** A role that may connect and read the migrations table is enough. */
  url: databaseUrl("postgresql://user:password@host:5432/name"),
  migrations: z
    .strictObject({
      /** Where the application records its applied migrations. Default schema_migrations. */
      table: z.string().min(1).default("schema_migrations"),
      /** The column that names a migration. Default name. */
      column: z.string().min(1).default("name"),
      /** How they are taken down again. Default: they are not. */
      down: DownMigrationSettings.optional(),
    })
    .prefault({}),
  /** Whether each captured release keeps a snapshot of the database. Default: none does. */
  dump: DumpSettings.optional(),
  /** How it is taken back. */
  rollback: DatabaseRollbackSettings.prefault({}),
  /** Held back during a swap. Default: there is none. */
  pgbouncer: PgBouncerSettings.optional(),
});
export type DatabaseSettings = z.infer<typeof DatabaseSettings>;

const WindowText = z
  .string()
  .regex(/^(last|\d+(\.\d+)?(ms|s|m|h|d))$/u, "expected `last` or a duration such as 10s")
  .transform((text): Window => {
    const ms = parseDuration(text);
    return ms === undefined ? { kind: "last" } : { kind: "span", ms };
  });

/** An error budget, and how fast it may be used up. */
const BurnRateSettings = z.strictObject({
  /** The share of requests that must be good. Default 99.9%. */
  objective: Ratio.refine((ratio) => ratio !== 1, "expected less than 100%").prefault("99.9%"),
  /** A pair is bad when both of its windows burn at least `rate` times too fast; one bad pair is enough. Default 14.4 times over 1h and 5m, 6 times over 6h and 30m. */
  pairs: z
    .array(
      z.strictObject({
        /** The window that says that it matters. Default 1h. */
        long: PositiveDuration.prefault("1h"),
        /** The window that says that it goes on. Default 5m. */
        short: PositiveDuration.prefault("5m"),
        /** How many times too fast. Default 14.4. */
        rate: z.number().min(1).default(14.4),
      }),
    )
    .min(1)
    .prefault([
      { long: "1h", short: "5m", rate: 14.4 },
      { long: "6h", short: "30m", rate: 6 },
    ]),
});

const SignalKeys = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/u, "expected lower-case letters, digits and hyphens"),
  trigger: z.enum(TRIGGERS),
  probe: ProbeSettings,
  /**
   * Highest healthy value: a number in the unit that the probe measures, a duration (`500ms`, for seconds), a share (`5%`) or
   * a size (`256MiB`, for bytes). Default 0, of blindness 2m.
   */
  limit: Limit.optional(),
  /** Of a probe that times requests: the share of them that may be slower than the limit. Default 5%. */
  allowed: Ratio.prefault("5%"),
  /** What is judged at a time: the `last` sample, or all samples of a duration. Default last. */
  window: WindowText.prefault("last"),
  /** Samples that a window must have before it says anything. Default 1. */
  minSamples: z.int().min(1).default(1),
  /** Consecutive bad windows that make a breach. Default 3. */
  breachAfter: z.int().min(1).default(3),
  /** Consecutive good windows that end a breach. Default 3. */
  clearAfter: z.int().min(1).default(3),
  /** A limit relative to what the signal was before the newest change, instead of `limit`; see docs/configuration.md. Default: none. */
  baseline: z
    .strictObject({
      /** Bad is more than so much above it, as a share of it. Default 25%. */
      rise: Ratio.prefault("25%"),
      /** And more than this above it, in the signal's unit: a number, a duration, a share or a size. */
      by: Limit,
    })
    .optional(),
  /** Of counted requests: judges how fast they use up an error budget, instead of `limit` and `window`; see docs/configuration.md. Default: none. */
  burnRate: BurnRateSettings.optional(),
  /** After a first bad sample it is taken again this often, until it is a breach or was good. Default: at the probe's interval. */
  confirmEvery: PositiveDuration.optional(),
  /** With `confirmEvery`: how long it must be bad without a break. Default 2s. */
  confirmOver: PositiveDuration.prefault("2s"),
  /** The service that the signal is about: restarted when no release is to blame, and a person's stop of it explains silence. Default: the one that serves the probed address, where that is known. */
  service: ServiceName.optional(),
});

/** One thing that is measured, with the limit above which it is bad. */
export const SignalSettings = SignalKeys.transform((signal) => ({
  ...signal,
  limit: signal.limit ?? traitsOf(signal.probe, 1).usualLimit ?? 0,
}));
export type SignalSettings = z.infer<typeof SignalSettings>;

const LOOPBACK = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])$/u;

const AnyAddress = z
  .string()
  .regex(/^(\[[^\]]+\]|[^:]+):\d{1,5}$/u, "expected host:port such as 127.0.0.1:9876")
  .transform((text) => {
    const colon = text.lastIndexOf(":");
    return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
  })
  .refine((address) => address.port <= 65_535, "expected a port from 0 to 65535");

const ListenAddress = AnyAddress.refine(
  (address) => LOOPBACK.test(address.host),
  "expected a loopback address such as 127.0.0.1:9876: for Prometheus on another machine set server.metrics",
);

/** Where rollwatch itself answers, beside the socket `<state>/rollwatch.sock`. */
export const ServerSettings = z.strictObject({
  /** Loopback address and port of the HTTP interface; port 0 lets the system choose. Default 127.0.0.1:9876. */
  listen: ListenAddress.prefault("127.0.0.1:9876"),
  /** A listener of its own for `/metrics` and nothing else, for a Prometheus on another machine. Default none. */
  metrics: z
    .strictObject({
      /** Any address and port, such as 10.0.0.5:9877. */
      listen: AnyAddress,
      /** What the scraper must show as `Authorization: Bearer`; at least 16 characters. Default none: whoever reaches the port reads the metrics. */
      token: z.string().min(16).optional(),
    })
    .optional(),
  /** Where people reach this interface through a proxy, such as `https://rollwatch.example.com`: links of notices begin with it. Default: there are no links. */
  publicUrl: z
    .url({ protocol: /^https?$/u })
    .refine((url) => URL.canParse(url) && new URL(url).pathname === "/", "expected no path")
    .transform((url) => new URL(url).origin)
    .optional(),
});
export type ServerSettings = z.infer<typeof ServerSettings>;

/** What the public is told of the application, by rollwatch's own page and others. */
const StatusPageKeys = StatusPageSettings.extend({
  /** Where its own page is served, to whoever asks, with nothing else beside it; any address and port. Default: nowhere. */
  listen: AnyAddress.optional(),
});

/** This machine, as rollwatch sees it. */
const HostSettings = z.strictObject({
  /** The folder with the machine's /proc and /sys, absolute; another one where rollwatch runs in a container that has them mounted. Default /. */
  root: z.string().regex(/^\//u, "expected an absolute path").default("/"),
});

/** The whole configuration file. Every part describes itself; this only puts them together. */
export const ConfigFile = z.strictObject({
  application: ApplicationSettings,
  database: DatabaseSettings.optional(),
  signals: z.array(SignalSettings).min(1),
  policy: PolicySettings.prefault({}),
  release: ReleaseSettings.prefault({}),
  verify: VerifySettings.prefault({}),
  notify: NotifySettings.prefault({}),
  server: ServerSettings.prefault({}),
  people: PeopleSettings.prefault({}),
  statusPage: StatusPageKeys.prefault({}),
  recording: RecordingSettings.prefault({}),
  watchdog: WatchdogSettings.prefault({}),
  host: HostSettings.prefault({}),
  /** rollwatch's own folder: journal, captured releases, socket. Absolute, outside the application. */
  state: z.string().regex(/^\//u, "expected an absolute path"),
});
export type ConfigFile = z.infer<typeof ConfigFile>;

/** A configuration that passed every check. */
export interface Config extends Readonly<ConfigFile> {
  /** The file it came from. */
  readonly file: string;
  /** sha256 in hex of the effective configuration without its secrets. */
  readonly hash: string;
  /** Every secret value in it, for redaction; longest first. */
  readonly secrets: readonly string[];
}
