import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { getuid } from "node:process";
import { describe, expect, it } from "vitest";
import type { DoctorPorts } from "../../src/app/doctor-examination.ts";
import { runDoctor } from "../../src/app/doctor.ts";
import { captureNow } from "../../src/app/release-actions.ts";
import { SignalSettings, type Config } from "../../src/config/schema.ts";
import { PolicySettings } from "../../src/decide/policy.ts";
import type { DoctorLine, DoctorReport } from "../../src/model/doctor.ts";
import { UpstreamSettings } from "../../src/model/application.ts";
import { PeopleSettings } from "../../src/model/people.ts";
import { holdLock } from "../../src/system/lock.ts";
import { NotifySettings } from "../../src/notify/settings.ts";
import { DatabaseRollbackSettings } from "../../src/release/settings.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";
import { anAnswer } from "../support/fakes/http.ts";
import { type FakeListeners, fakeListeners } from "../support/fakes/listeners.ts";
import { HEALTH } from "../support/story-world.ts";
import type { ConnectionPool } from "../../src/system/pgbouncer.ts";
import { aPool } from "../support/a-pool.ts";
import { aServer } from "../support/warm-server.ts";

const LIVE = new AbortController().signal;
const OWN = getuid?.() ?? 0;

/** An application without a fault, of which a test spoils something. */
interface Patient extends Parts {
  readonly folder: string;
  readonly listeners: FakeListeners;
  readonly examine: (more?: Partial<DoctorPorts>) => Promise<DoctorReport>;
  /** The line of this name. */
  readonly line: (check: string, more?: Partial<DoctorPorts>) => Promise<DoctorLine | undefined>;
  /** The same configuration with other parts. */
  readonly configured: (more: Partial<Config>) => Partial<DoctorPorts>;
}

async function withPatient(body: (patient: Patient) => Promise<void>): Promise<void> {
  await withDaemon(async (parts) => {
    const { daemon, world } = parts;
    const { config } = daemon;
    const folder = join(config.state, "..");
    const listeners = fakeListeners();
    await writeFile(config.file, "", { mode: 0o600 });
    await mkdir(join(folder, "bin"));
    for (const name of ["git", "pm2"]) {
      await writeFile(join(folder, "bin", name), "");
    }
    for (const name of [".env", "limits.yaml"]) {
      await world.write(name, "A=1");
    }
    world.pm2.setDump(["api", "importer", "cleaner"]);
    world.database.setRevision("003 (3)");

    async function examine(more: Partial<DoctorPorts> = {}): Promise<DoctorReport> {
      const ports: DoctorPorts = {
        config,
        listeners,
        world: world.ports,
        environment: { PATH: join(folder, "bin") },
        uid: OWN,
        nodeVersion: "v20.20.2",
        hasDaemon: false,
        history: daemon.journal.history(),
        ...more,
      };
      return runDoctor(ports, LIVE);
    }

    await body({
      ...parts,
      folder,
      listeners,
      examine,
      line: async (check, more) => (await examine(more)).lines.find((line) => line.check === check),
      configured: (more) => ({ config: { ...config, ...more } }),
    });
  });
}

function signals(...settings: readonly object[]): Config["signals"] {
  return settings.map((one) => SignalSettings.parse(one));
}

describe("the doctor of a healthy application", () => {
  it("finds no fault, writes nothing and stops nothing", async () => {
    await withPatient(async ({ examine, written, world }) => {
      const report = await examine();

      expect(report.lines.filter(({ state }) => state === "fault")).toEqual([]);
      expect(report).toMatchObject({ application: "story", faults: 0 });
      expect(report.lines.every(({ state, cure }) => (state === "ok") === (cure === null))).toBe(
        true,
      );
      expect(written()).toEqual([]);
      expect(world.pm2.calls).toEqual([]);
      expect(world.git.calls).toEqual([]);
    });
  });

  it("knows a captured release, and whether one is proven", async () => {
    await withPatient(async ({ daemon, line, record }) => {
      expect(await line("releases")).toMatchObject({ state: "warning" });
      const id = await captureNow(daemon, LIVE);
      record({ kind: "release-proven", release: id });

      expect(await line(`release ${id}`)).toMatchObject({ state: "ok", detail: "proven, ready" });
      expect(await line("releases")).toBeUndefined();
    });
  });

  it("counts what the probes ask of each address, shared pages once", async () => {
    await withPatient(async ({ examine, configured }) => {
      const page = { kind: "scrape", url: "http://127.0.0.1:5/metrics" };
      const more = configured({
        signals: signals(
          { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
          { name: "a", trigger: "error-rate", limit: "5%", probe: { ...page, measure: "errors" } },
          {
            name: "b",
            trigger: "slow-responses",
            limit: "1s",
            probe: { ...page, measure: "slow-requests" },
          },
          {
            name: "c",
            trigger: "minor-functionality",
            probe: {
              kind: "http-sequence",
              interval: "10s",
              steps: [
                { name: "one", url: "http://127.0.0.1:5/one" },
                { name: "two", url: "http://127.0.0.1:6/two" },
              ],
            },
          },
        ),
      });

      const { requests } = await examine(more);

      // One every two seconds, and the release id every five; each step of a sequence.
      expect(requests).toEqual([
        { origin: "http://127.0.0.1:1", perMinute: 42 },
        { origin: "http://127.0.0.1:5", perMinute: 18 },
        { origin: "http://127.0.0.1:6", perMinute: 6 },
      ]);
    });
  });
});

interface Trouble {
  readonly what: string;
  readonly check: string;
  readonly state: "warning" | "fault";
  readonly says: string;
  readonly spoil: (patient: Patient) => Promise<Partial<DoctorPorts> | undefined | void>;
}

const TROUBLES: readonly Trouble[] = [
  {
    what: "a configuration that others read",
    check: "configuration file",
    state: "warning",
    says: "mode 0644",
    spoil: async ({ daemon }) => chmod(daemon.config.file, 0o644),
  },
  {
    what: "a state folder that is open",
    check: "state folder",
    state: "fault",
    says: "open to others (mode 755)",
    spoil: async ({ daemon }) => chmod(daemon.config.state, 0o755),
  },
  {
    what: "an old Node",
    check: "node",
    state: "fault",
    says: "v20.18.9",
    spoil: async () => ({ nodeVersion: "v20.18.9" }),
  },
  {
    what: "a missing pm2 program",
    check: "pm2 program",
    state: "fault",
    says: "no program pm2",
    spoil: async ({ folder }) => rm(join(folder, "bin", "pm2")),
  },
  {
    what: "a clock that was set back",
    check: "clock",
    state: "fault",
    says: "before the journal's newest entry",
    spoil: async ({ world }) => ({ lastEntryAt: world.clock.now() + 3_600_000 }),
  },
  {
    what: "a port that somebody else has",
    check: "server.listen",
    state: "fault",
    says: "somebody else listens on port 9876",
    spoil: async ({ listeners, configured }) => {
      listeners.listen(1, 9876);
      return configured({ server: { listen: { host: "127.0.0.1", port: 9876 } } });
    },
  },
  {
    what: "a dead pm2",
    check: "pm2",
    state: "fault",
    says: "it is dead: no daemon process",
    spoil: async ({ world }) => world.pm2.setDaemon({ kind: "dead", reason: "no daemon process" }),
  },
  {
    what: "a hung pm2",
    check: "pm2",
    state: "fault",
    says: "it is hung: no pong",
    spoil: async ({ world }) => world.pm2.setDaemon({ kind: "hung", pid: 7, reason: "no pong" }),
  },
  {
    what: "a home with two pm2 daemons",
    check: "pm2",
    state: "fault",
    says: "two daemons have one home: the processes 7 and 8",
    spoil: async ({ world }) =>
      world.pm2.setDaemon({ kind: "doubled", reason: "the processes 7 and 8" }),
  },
  {
    what: "a pm2 program of another version than its daemon",
    check: "pm2",
    state: "warning",
    says: "version 7.0.4 runs, the pm2 program is 6.0.14",
    spoil: async ({ world }) => world.pm2.setProgramVersion("6.0.14"),
  },
  {
    what: "rollwatch's own pm2",
    check: "pm2 home",
    state: "fault",
    says: "rollwatch's own",
    spoil: async ({ daemon, configured }) => {
      const { application, state } = daemon.config;
      return configured({ application: { ...application, pm2Home: join(state, "pm2") } });
    },
  },
  {
    what: "another user's pm2",
    check: "pm2 home",
    state: "fault",
    says: "this is user 65533",
    spoil: async () => ({ uid: 65_533 }),
  },
  {
    what: "a service that pm2 does not know",
    check: "service importer",
    state: "fault",
    says: "pm2 does not know it",
    spoil: async ({ world }) => world.pm2.remove("importer"),
  },
  {
    what: "a service that ended",
    check: "service importer",
    state: "fault",
    says: "1 of 1 processes: errored",
    spoil: async ({ world }) => world.pm2.change("importer", { status: "errored", pid: 0 }),
  },
  {
    what: "a service that a person stopped",
    check: "service importer",
    state: "warning",
    says: "a person stopped it",
    spoil: async ({ world }) => world.stop("importer"),
  },
  {
    what: "a pm2 without a dump",
    check: "pm2 dump",
    state: "warning",
    says: "after a reboot",
    spoil: async ({ world }) => world.pm2.setDump(undefined),
  },
  {
    what: "a dump without a service",
    check: "pm2 dump",
    state: "warning",
    says: "it lacks importer: after a reboot",
    spoil: async ({ world }) => world.pm2.setDump(["api", "cleaner"]),
  },
  {
    what: "no repository",
    check: "repository",
    state: "fault",
    says: "no git work tree",
    spoil: async ({ world }) => world.git.setAbsent(true),
  },
  {
    what: "a lock in the repository",
    check: "git lock",
    state: "warning",
    says: "index.lock",
    spoil: async ({ world }) => world.git.setBusy("another git command has held index.lock"),
  },
  {
    what: "an artefact that is not there",
    check: "artifact server",
    state: "fault",
    says: "not there",
    spoil: async ({ daemon }) =>
      rm(join(daemon.config.application.root, "server"), { recursive: true }),
  },
  {
    what: "a configuration file that is not there",
    check: "monitoring file limits.yaml",
    state: "fault",
    says: "not there",
    spoil: async ({ daemon }) => rm(join(daemon.config.application.root, "limits.yaml")),
  },
  {
    what: "no lock file",
    check: "lockfile",
    state: "warning",
    says: "package-lock.json is not there",
    spoil: async ({ daemon }) => rm(join(daemon.config.application.root, "package-lock.json")),
  },
  {
    what: "a release id that is not served",
    check: "release id",
    state: "fault",
    says: "has no build.release",
    spoil: async ({ world }) => world.setSurroundings("hide its release id"),
  },
  {
    what: "an application that fails",
    check: "signal health",
    state: "fault",
    says: "1 failures, limit 0 failures: ",
    spoil: async ({ world }) => world.setSurroundings("make it answer 500"),
  },
  {
    what: "a database that does not answer",
    check: "database",
    state: "fault",
    says: "connection refused",
    spoil: async ({ world, configured }) => {
      const detail = "connection refused";
      world.database.setAnswer({ kind: "fails", sqlstate: null, detail });
      return withDatabase(configured);
    },
  },
  {
    what: "a database that takes no writes",
    check: "database",
    state: "fault",
    says: "it is a standby",
    spoil: async ({ world, configured }) => {
      world.database.setAnswer({ kind: "answers", readOnly: "it is a standby" });
      return withDatabase(configured);
    },
  },
  {
    what: "a synthetic reading that was never cleaned up",
    check: "synthetic readings",
    state: "fault",
    says: "not cleaned up: rollwatch-0123",
    spoil: async ({ daemon, world }) => {
      const folder = join(daemon.config.state, "synthetic");
      await mkdir(folder, { mode: 0o700 });
      const at = world.clock.now() - 16 * 60_000;
      await writeFile(join(folder, "alarm.json"), JSON.stringify([{ mark: "rollwatch-0123", at }]));
    },
  },
  {
    what: "a database without the migrations table",
    check: "migrations",
    state: "warning",
    says: "no table schema_migrations",
    spoil: async ({ world, configured }) => {
      world.database.setRevision(null);
      return withDatabase(configured);
    },
  },
  {
    what: "nobody who could approve",
    check: "role system-administrator",
    state: "fault",
    says: "nobody can approve for system-down",
    spoil: async ({ configured }) =>
      configured({ policy: withMode("recommend"), people: PeopleSettings.parse({}) }),
  },
  {
    what: "an approver without a token",
    check: "role system-administrator",
    state: "warning",
    says: "nobody could approve for system-down",
    spoil: async ({ configured }) =>
      configured({
        policy: withMode("auto"),
        people: PeopleSettings.parse({
          contacts: [{ name: "Ada", roles: ["system-administrator"] }],
        }),
      }),
  },
  {
    what: "a channel that everybody can read",
    check: "channel far",
    state: "warning",
    says: "readable for everybody",
    spoil: async ({ configured }) =>
      configured({
        notify: NotifySettings.parse({
          channels: { far: { kind: "webhook", url: "http://example.org/x" } },
        }),
      }),
  },
  {
    what: "a captured release that is damaged",
    check: "release rel-broken",
    state: "fault",
    says: "its manifest is missing",
    spoil: async ({ daemon }) => {
      await mkdir(join(daemon.config.state, "releases", "rel-broken"), { recursive: true });
    },
  },
];

function withMode(mode: "auto" | "recommend"): PolicySettings {
  return PolicySettings.parse({ triggers: { "system-down": { mode } } });
}

/** A configuration with a database. */
function withDatabase(configured: Patient["configured"]): Partial<DoctorPorts> {
  const migrations = { table: "schema_migrations", column: "name" };
  const rollback = DatabaseRollbackSettings.parse({});
  return configured({ database: { url: "postgres://desk@127.0.0.1/desk", migrations, rollback } });
}

async function refusals(): Promise<readonly string[]> {
  return ["role desk may create no database (CREATEDB)"];
}

describe("the doctor", () => {
  it("prints the SQL of a role that may make a warm database, where the one that is configured may not", async () => {
    await withPatient(async ({ daemon, line, configured }) => {
      const migrations = { table: "schema_migrations", column: "name" };
      const rollback = DatabaseRollbackSettings.parse({ warm: "clone" });
      const database = { url: "postgres://desk@127.0.0.1/desk", migrations, rollback };
      const asked = configured({ database });
      const able = { ...daemon.world, warming: aServer(new Map()) };
      const unable = { ...daemon.world, warming: aServer(new Map(), { refusals }) };

      const good = await line("warm database", { ...asked, world: able });
      const bad = await line("warm database", { ...asked, world: unable });

      expect(good).toMatchObject({ state: "ok" });
      expect(bad).toMatchObject({ state: "fault", detail: expect.stringContaining("CREATEDB") });
      expect(bad?.cure).toContain('grant "app", pg_signal_backend, pg_read_all_data to rollwatch;');
    });
  });

  it.each([
    ["can be paused", "ok", "app can be paused", {}],
    ["its role may not pause", "fault", "may not pause", { isAdmin: async () => false }],
    ["does not know the database", "fault", "no database app", { look: async () => [] }],
    [
      "was left paused",
      "fault",
      "app is paused",
      { look: async () => [{ name: "app", isPaused: true }] },
    ],
  ])("tells of a PgBouncer that %s", async (_what, state, says, over: Partial<ConnectionPool>) => {
    await withPatient(async ({ daemon, line }) => {
      const pool = { ...aPool(), ...over };

      const found = await line("pgbouncer", { world: { ...daemon.world, pool } });

      expect(found).toMatchObject({ state, detail: expect.stringContaining(says) });
    });
  });

  it.each(TROUBLES)(
    "calls $what a $state, with its cure",
    async ({ check, state, says, spoil }) => {
      await withPatient(async (patient) => {
        const healthy = await patient.line(check);
        const more = await spoil(patient);

        const line = await patient.line(check, more ?? {});

        expect(healthy?.state).not.toBe("fault");
        expect(line).toMatchObject({ state, detail: expect.stringContaining(says) });
        expect(line?.cure).toBeTruthy();
      });
    },
  );

  it.each([
    ["127.0.0.9", undefined],
    ["[::1]", undefined],
    ["app.localhost", undefined],
    ["192.0.2.7", "warning"],
    ["[2001:db8::7]", "warning"],
    ["app.internal", "warning"],
  ])("says where nothing tells a broken way to %s from a broken release", async (host, state) => {
    await withPatient(async ({ daemon, line, configured }) => {
      const probe = { kind: "http", url: `http://${host}:3000/health` };
      const asking = { signals: signals({ name: "health", trigger: "system-down", probe }) };
      const gateway = UpstreamSettings.parse({ name: "gateway", url: "http://192.0.2.1/" });
      const { application } = daemon.config;
      const told = { ...application, upstreams: [gateway] };

      const bare = await line("way to the application", configured(asking));
      const declared = await line(
        "way to the application",
        configured({ ...asking, application: told }),
      );

      expect(bare?.state).toBe(state);
      expect(declared?.state).toBe(state === undefined ? undefined : "ok");
    });
  });

  it("says which services were started before the commit on the disk came there", async () => {
    await withPatient(async ({ world, line }) => {
      world.pm2.change("api", { startedAt: world.clock.now() - 60_000 });
      const unknown = await line("running code");
      world.git.setMovedAt(world.clock.now() - 120_000);
      const restarted = await line("running code");
      world.git.setMovedAt(world.clock.now() - 30_000);
      const old = await line("running code");

      expect(unknown).toBeUndefined();
      expect(restarted).toMatchObject({ state: "ok" });
      expect(old).toMatchObject({
        state: "warning",
        detail: expect.stringMatching(/^api .* may run other code than what is on the disk/u),
        cure: expect.stringContaining("restart"),
      });
    });
  });

  it.each([
    // express-rate-limit's usual 100 in 15 minutes: 42 a minute are 630
    [
      "are more than a limiter allows",
      200,
      { "ratelimit-policy": "100;w=900", ratelimit: "limit=100, remaining=98, reset=870" },
      {
        state: "warning",
        detail: expect.stringContaining("630 in 15 min, of 100 that a limiter allows"),
        cure: expect.stringContaining("health 16s"),
      },
    ],
    [
      "are more than a limiter allows that tells no window",
      200,
      { "x-ratelimit-limit": "100" },
      { state: "warning", detail: expect.stringContaining("supposed: it tells no window") },
    ],
    [
      "fit what a limiter allows",
      200,
      { "ratelimit-limit": "100", "ratelimit-policy": "100;w=60" },
      { state: "ok", detail: expect.stringContaining("42 in 1 min, of 100") },
    ],
    ["meet no limiter", 200, {}, { state: "ok", detail: "630 in 15 min, no limiter seen" }],
    [
      "are throttled by one that tells nothing",
      429,
      {},
      { state: "warning", detail: "630 in 15 min; throttled now (429): no limiter seen" },
    ],
  ])("says whether the requests of the probes %s", async (_what, status, headers, told) => {
    await withPatient(async ({ world, line, configured }) => {
      const http = { ask: async () => anAnswer({ status, headers }) };
      const only = configured({
        signals: signals({
          name: "health",
          trigger: "system-down",
          probe: { kind: "http", url: HEALTH },
        }),
      });

      const found = await line("requests to http://127.0.0.1:1", {
        ...only,
        world: { ...world.ports, http },
      });

      expect(found).toMatchObject(told);
    });
  });

  it("names the limiter that keeps a probe out", async () => {
    await withPatient(async ({ world, line }) => {
      world.setSurroundings("throttle rollwatch");
      const headers = { "retry-after": "30", "x-ratelimit-limit": "100", server: "nginx" };
      const http = { ask: async () => anAnswer({ status: 429, headers }) };

      const told = await line("signal health", { world: { ...world.ports, http } });

      expect(told).toMatchObject({ state: "warning", cure: expect.stringContaining("limiter") });
      expect(told?.detail).toContain(
        "the limiter of http://127.0.0.1:1 says retry-after: 30, x-ratelimit-limit: 100, server: nginx",
      );
    });
  });

  it("takes one slow request for no fault yet", async () => {
    await withPatient(async ({ line, configured }) => {
      const more = configured({
        signals: signals({
          name: "slow",
          trigger: "slow-responses",
          limit: "1ms",
          window: "10s",
          minSamples: 4,
          probe: { kind: "http", url: HEALTH, measure: "latency", interval: "2s", timeout: "1s" },
        }),
      });

      expect(await line("signal slow", more)).toMatchObject({ state: "warning" });
    });
  });

  it("goes on where one look fails, and calls that a fault", async () => {
    await withPatient(async ({ world, examine }) => {
      const pm2 = {
        ...world.ports.pm2,
        dumped: async () => {
          throw new Error("the disk is gone");
        },
      };

      const { lines, faults } = await examine({ world: { ...world.ports, pm2 } });

      expect(faults).toBe(1);
      expect(lines.find(({ check }) => check === "pm2 dump")).toMatchObject({
        state: "fault",
        detail: "the disk is gone",
      });
      expect(lines.at(-1)?.area).toBe("rollwatch");
    });
  });

  it("sees a recovery by somebody else", async () => {
    await withPatient(async ({ daemon, line }) => {
      const lock = holdLock(join(daemon.config.application.pm2Home, "rollwatch.lock"));

      const told = await line("recovery lock");

      lock.release();
      expect(told).toMatchObject({ state: "fault", detail: expect.stringContaining("holds") });
      expect(await line("recovery lock")).toMatchObject({ state: "ok" });
    });
  });

  it("asks nobody for the recovery lock while a daemon may need it", async () => {
    await withPatient(async ({ daemon, line }) => {
      const lock = holdLock(join(daemon.config.application.pm2Home, "rollwatch.lock"));

      const told = await line("recovery lock", { hasDaemon: true });

      lock.release();
      expect(told).toMatchObject({ state: "ok" });
      expect(await line("daemon", { hasDaemon: true })).toMatchObject({ state: "ok" });
    });
  });
});
