import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigInvalid, formatPath, type Problem } from "../../src/config/problem.ts";
import { configTree, type SchemaNode } from "../../src/config/schema-tree.ts";
import { TRIGGERS } from "../../src/model/trigger.ts";

type Path = readonly (string | number)[];

const TOKEN = "0123456789abcdef-beat";

function downKeys(): Record<string, unknown> {
  const url = "postgres://127.0.0.1/app";
  const command = ["node_modules/.bin/knex", "migrate:down"];
  return { tool: "knex", folder: "down", command, env: { A: "b" }, url, timeout: "1m" };
}

/** Of two clean-ups only one can be configured: the wrong values of the other are in the probe's own test. */
function syntheticAlert(): Record<string, unknown> {
  return {
    kind: "synthetic-alert",
    url: "http://127.0.0.1:3000/readings",
    headers: { a: "b" },
    body: { note: "{{mark}}" },
    expectStatus: [201],
    within: "1s",
    expectRow: "select from alerts where note = $1",
    expectMessage: { url: "ws://127.0.0.1:3001/" },
    cleanUp: {
      sql: ["delete from readings where note = $1"],
      databaseUrl: "postgres://127.0.0.1/app",
      headers: { a: "b" },
    },
    ...times(),
    timeout: "20s",
  };
}

/** A configuration that has every key. Which probe a signal has is its name. */
function fullConfiguration(): Record<string, unknown> {
  const page = { kind: "scrape", url: "http://127.0.0.1:3000/metrics", ...times() };
  const counted = { ...page, ignore: { route: ["/metrics"] }, workerLabel: "worker" };
  const probes = {
    http: {
      kind: "http",
      url: "http://127.0.0.1:3000/",
      measure: "failure",
      ...times(),
      expectStatus: [200],
    },
    pm2: { kind: "pm2", ...times() },
    websocket: { kind: "websocket", url: "ws://127.0.0.1:3001/", ...times() },
    "scrape errors": { ...counted, measure: "errors", metric: "requests", statusLabel: "status" },
    "scrape slow-requests": { ...counted, measure: "slow-requests", metric: "seconds" },
    "scrape gauge": {
      ...page,
      ignore: { pool: ["a"] },
      measure: "gauge",
      metric: "waiting",
      over: "most",
    },
    memory: { kind: "memory", ...times(), of: ["host"], processLimit: "256MiB" },
    postgres: { kind: "postgres", measure: "corruption", every: "1h", ...times() },
    sql: {
      kind: "sql",
      query: "select 1",
      measure: "fall",
      over: "1h",
      retention: "1%",
      ...times(),
    },
    "pm2-metrics": {
      kind: "pm2-metrics",
      service: "web",
      metric: "HTTP",
      unit: "value",
      ...times(),
    },
    "synthetic-alert": syntheticAlert(),
    "access-log": { kind: "access-log", ...times(), ...accessLogKeys() },
    alertmanager: { kind: "alertmanager", match: { a: "b" }, staleAfter: "1m", interval: "5s" },
    prometheus: {
      kind: "prometheus",
      url: "http://127.0.0.1:9090",
      query: "up",
      range: "1m",
      step: "15s",
      aggregate: "sum",
      staleAfter: "1m",
      username: "ada",
      password: "pass",
      ...times(),
    },
    blindness: { kind: "blindness", interval: "5s" },
    webhook: { kind: "webhook", staleAfter: "1m", interval: "5s" },
    heartbeat: { kind: "heartbeat", period: "1m", grace: "5s", token: TOKEN, ...times() },
    advisories: {
      kind: "advisories",
      ...times(),
      level: "high",
      every: "6h",
      registry: "http://r/",
    },
    tcp: { kind: "tcp", ...times(), address: "127.0.0.1:80" },
    tls: { kind: "tls", ...times(), address: "127.0.0.1:443", ...tlsKeys() },
    dns: { kind: "dns", ...times(), name: "app.test", type: "A", expect: ["a"], server: "::1" },
    command: { kind: "command", ...times(), program: "/bin/true", ...commandKeys() },
    "http-sequence": { kind: "http-sequence", ...times(), steps: [fullStep()] },
  };
  const triggers = TRIGGERS.map((trigger) => [
    trigger,
    { mode: "shadow", tier: "fast", blameWindow: "1h", deciders: ["executives"] },
  ]);
  return {
    application: {
      name: "app",
      root: "/srv/app",
      pm2Home: "/home/app/.pm2",
      pm2Program: "pm2",
      services: [
        {
          name: "web",
          quiesce: "1s",
          work: "unsafe",
          boot: "1s",
          destructive: false,
          reads: ["database"],
          consumes: ["data/imported"],
        },
        { name: "feed", after: ["web"] },
      ],
      stopTogether: false,
      source: "artifact",
      artifact: "app.tgz",
      artifacts: ["dist", "package-lock.json"],
      lockfile: "package-lock.json",
      configFiles: { environment: [".env"], database: ["db.js"], monitoring: ["m.js"] },
      releaseIdFrom: { url: "http://127.0.0.1:3000/", json: "release" },
      serving: "web",
      upstreams: [
        { name: "billing", url: "http://127.0.0.1:3/", timeout: "1s", expectStatus: [200] },
      ],
    },
    database: {
      url: "postgres://127.0.0.1/app",
      migrations: { table: "done", column: "name", down: downKeys() },
      dump: { program: "/bin/pg_dump", secureCopy: "/copy", keep: "7d", schedule: "0 2 * * *" },
      rollback: {
        url: "postgres://127.0.0.1/app",
        warm: "online",
        mayEnd: ["pg_dump"],
        deltaKeep: "7d",
        exportUpTo: "1GiB",
        journal: true,
        appendOnly: ["public.readings"],
      },
      pgbouncer: { url: "postgres://keeper@127.0.0.1:6432", databases: ["app"] },
    },
    signals: Object.entries(probes).map(([name, probe], place) => ({
      name: `signal-${place}`,
      trigger: "error-rate",
      probe,
      limit: name === "scrape slow-requests" ? "500ms" : 0.05,
      allowed: "5%",
      window: "10s",
      minSamples: 2,
      breachAfter: 3,
      clearAfter: 3,
      confirmOver: "2s",
      service: "web",
      ...(name === "http" ? { limit: 0, baseline: { rise: "25%", by: 0.5 } } : {}),
      ...(name === "pm2" ? { window: "last", minSamples: 1, confirmEvery: "500ms" } : {}),
    })),
    policy: {
      triggers: Object.fromEntries(triggers),
      brakes: {
        cooldown: "1h",
        rollbacksPerDay: 1,
        maxReleaseAge: "7d",
        restartStorm: { starts: 3, within: "10m", quiet: "1h" },
      },
      restarts: { perHour: 1, perDay: 3 },
      approval: { expires: "30m" },
    },
    release: { bake: "10m", keep: 5, verifyEvery: "10m", warm: true },
    recording: { enabled: true, keep: "7d", maxSize: "64MiB" },
    verify: {
      settle: "1s",
      steady: "1s",
      timeout: "1m",
      endpoints: [
        {
          url: "http://127.0.0.1:3000/",
          expectStatus: [200],
          timeout: "1s",
          slowerThan: { ratio: "25%", by: "50ms" },
        },
      ],
      tables: ["readings"],
      retention: ["alerts"],
      rowsMayFall: 0,
      websocket: { url: "ws://127.0.0.1:3001/", expectMessage: "hello" },
      logs: { newErrors: "tell" },
      connections: "90%",
      memoryMayGrow: "50%",
    },
    notify: {
      channels: {
        log: { kind: "log" },
        hook: { kind: "webhook", url: "http://127.0.0.1/", secret: "s".repeat(20), timeout: "5s" },
        slack: { kind: "slack", url: "http://127.0.0.1/", timeout: "5s" },
        bot: {
          kind: "slack-bot",
          token: "xoxb-0123456789abcdef",
          channel: "C0123456789",
          signingSecret: "0123456789abcdef",
          url: "http://127.0.0.1/",
          timeout: "5s",
        },
        mail: {
          kind: "email",
          url: "smtps://127.0.0.1/",
          from: "rollwatch@example.com",
          to: ["ada@example.com"],
          tls: "required",
          timeout: "5s",
        },
        teams: { kind: "teams", url: "http://127.0.0.1/", timeout: "5s" },
        alerts: {
          kind: "alertmanager",
          url: "http://127.0.0.1/",
          token: "t".repeat(16),
          labels: { team: "ops" },
          endsAfter: "1h",
          silence: { match: { job: "radiation" }, atMost: "30m" },
          timeout: "5s",
        },
        opsgenie: {
          kind: "opsgenie",
          apiKey: "k".repeat(36),
          url: "http://127.0.0.1/",
          timeout: "5s",
        },
        phone: {
          kind: "twilio",
          account: `AC${"0".repeat(32)}`,
          apiKey: `SK${"0".repeat(32)}`,
          secret: "t".repeat(32),
          from: "+4915100000001",
          to: "+4915100000002",
          how: "call",
          url: "http://127.0.0.1/",
          timeout: "5s",
        },
        push: {
          kind: "ntfy",
          url: "http://127.0.0.1/",
          topic: "radiation",
          token: "tk_0123456789abc",
          timeout: "5s",
        },
        duty: {
          kind: "pagerduty",
          routingKey: "k".repeat(32),
          url: "http://127.0.0.1/",
          timeout: "5s",
        },
      },
      routes: { page: ["log"], tell: ["log"] },
    },
    server: {
      listen: "127.0.0.1:0",
      metrics: { listen: "10.0.0.5:9877", token: "s".repeat(20) },
    },
    statusPage: {
      title: "App",
      url: "https://status.example.com",
      listen: "0.0.0.0:9878",
      components: [{ name: "Web", services: ["web"], signals: ["signal-1"] }],
      publish: fullPublishers(),
    },
    host: { root: "/" },
    watchdog: {
      heartbeat: { url: "https://127.0.0.1/beat", every: "1m", timeout: "10s" },
      guard: { enabled: true, failures: 5, every: "2s", timeout: "2s" },
    },
    people: {
      emergency: { hotline: "+49 30 1", address: "a@example.com", channel: "#help" },
      calendar: {
        timeZone: "Europe/Berlin",
        days: ["mon", "fri"],
        from: "08:00",
        to: "18:30",
        holidays: ["2026-12-25"],
      },
      escalation: { second: "15m", third: "30m" },
      reviewed: "2026-11-02",
      rotations: [
        {
          name: "on-call",
          people: ["Ada"],
          from: "2026-01-05",
          at: "09:00",
          days: 7,
          hours: ["weekend"],
        },
      ],
      contacts: [fullContact()],
    },
    state: "/var/lib/rollwatch",
  };
}

function fullContact(): object {
  const hours = ["business", "after-hours", "weekend"];
  const token = "0123456789abcdefghij";
  return { name: "Ada", roles: ["executives"], token, access: [], channels: ["log"], hours };
}

function fullPublishers(): object {
  const keys = { components: { Web: "1" }, notify: true, timeout: "5s", url: "http://127.0.0.1/" };
  return {
    atlassian: { kind: "statuspage", page: "abc", apiKey: "k".repeat(20), ...keys },
    own: { kind: "cachet", token: "k".repeat(20), ...keys },
    other: { kind: "instatus", page: "abc", apiKey: "k".repeat(20), ...keys },
  };
}

function tlsKeys(): object {
  return { servername: "app", trusted: true, authority: "/ca.pem", expiresWithin: "14d" };
}

function commandKeys(): object {
  return { args: ["-x"], cwd: "/", env: { A: "a" }, measure: "exit", expectExit: [0] };
}

function fullStep(): object {
  return {
    name: "list",
    method: "POST",
    url: "http://127.0.0.1:3000/items",
    headers: { accept: "application/json" },
    body: "{}",
    expectStatus: [200],
    expectBody: "ok",
    expectJson: { ok: true },
    save: { id: "items.0.id" },
  };
}

function accessLogKeys(): object {
  return {
    files: ["/var/log/a.log"],
    format: "json",
    measure: "errors",
    fields: {
      status: "s",
      duration: "d",
      durationUnit: "ms",
      route: "r",
      address: "a",
      userAgent: "u",
    },
    ignore: { routes: ["/metrics"], addresses: ["127.0.0.1"], userAgents: ["Pingdom"] },
  };
}

function times(): { readonly interval: string; readonly timeout: string } {
  return { interval: "2s", timeout: "2s" };
}

/** A wrong value, and what the problem says was expected. */
type Wrong = readonly [value: unknown, expected: string];

const DURATION = "a duration such as 500ms, 5s, 15m, 2h or 7d";
const DURATIONS: readonly Wrong[] = [
  [10, DURATION],
  ["-5s", DURATION],
  ["5 s", DURATION],
  ["soon", DURATION],
  [[], DURATION],
];
const POSITIVE: readonly Wrong[] = [...DURATIONS, ["0s", "more than 0s"]];
const TEXTS: readonly Wrong[] = [
  [7, "a text"],
  [["x"], "a text"],
];
const FILLED: readonly Wrong[] = [...TEXTS, ["", "at least 1 characters"]];
const LISTS: readonly Wrong[] = [["x", "a list"]];
const FILLED_LISTS: readonly Wrong[] = [...LISTS, [[], "at least 1 entry"]];
const BOOLEANS: readonly Wrong[] = [["yes", "true or false"]];
const MAIL: readonly Wrong[] = [["ada", "an address such as"]];
const URLS: readonly Wrong[] = [
  ["127.0.0.1:3000", "an address such as http"],
  ["ftp://127.0.0.1/", "an address such as http"],
];
const HOST_PORTS: readonly Wrong[] = [
  ["127.0.0.1", "host:port such as 127.0.0.1:5432"],
  ["127.0.0.1:0", "a port from 1 to 65535"],
];
const SOCKETS: readonly Wrong[] = [["http://127.0.0.1/", "address"]];
const STATUSES: readonly Wrong[] = [
  [99, "at least 100"],
  [600, "at most 599"],
  ["200", "a whole number"],
];
const SHARES: readonly Wrong[] = [
  [0.5, "a text"],
  ["101%", "at most 100%"],
  ["-1%", "a share such as 5%"],
];
const PATHS: readonly Wrong[] = [
  ["/etc/passwd", "a path inside the application's root"],
  ["../other", "a path inside the application's root"],
  [".", "may not be the root or .git"],
  [".git/config", "may not be the root or .git"],
];
const ABSOLUTE: readonly Wrong[] = [["relative/path", "an absolute path"]];
const SERVICES: readonly Wrong[] = [
  ["all", "a pm2 name that is no number"],
  ["0", "a pm2 name that is no number"],
  ["/web/", "a pm2 name that is no number"],
];
const METRICS: readonly Wrong[] = [["requests-total", "a metric's name such as"]];
const LABELS: readonly Wrong[] = [["status code", "a label's name such as"]];
const TABLES: readonly Wrong[] = [["readings; drop table x", "a table such as"]];
const ROLE: readonly Wrong[] = [["boss", "one of system-administrator"]];
const CHANNELS = oneOf(
  "log, webhook, slack, slack-bot, pagerduty, opsgenie, alertmanager, teams, email, twilio, ntfy",
);
const TELEPHONES: readonly Wrong[] = [["0151 2345678", "a number such as +49"]];
const PUBLISHERS = oneOf("statuspage, cachet, instatus");
const CLOCK: readonly Wrong[] = [["9:00", "a time of day such as 08:30"]];
const DATES: readonly Wrong[] = [["2026-02-30", "a day such as 2026-12-25"]];
const HOURS = oneOf("business, after-hours, weekend");
const CHANNEL: readonly Wrong[] = [["pager", "a channel of this file"]];

function oneOf(options: string): readonly Wrong[] {
  return [["nonsense", `one of ${options}`]];
}

function atLeast(least: number): readonly Wrong[] {
  return [
    [least - 1, `at least ${least}`],
    [least + 0.5, "a whole number"],
    ["many", "a whole number"],
  ];
}

const TIMES = { interval: POSITIVE, timeout: POSITIVE };
const KINDS = oneOf("http, pm2, websocket, scrape, memory, postgres");
const SCRAPE = {
  kind: KINDS,
  url: [...URLS, ["dir:/run/100%", "%25"]],
  ...TIMES,
  "ignore.*": [["/metrics", "a list"], ...FILLED_LISTS],
  "ignore.*[]": TEXTS,
  measure: oneOf("errors, slow-requests, gauge"),
  metric: METRICS,
} satisfies Readonly<Record<string, readonly Wrong[]>>;

/** Wrong values for every key, by group. */
const WRONG: Readonly<Record<string, Readonly<Record<string, readonly Wrong[]>>>> = {
  application: {
    name: [["My App", "lower-case letters, digits and hyphens"]],
    root: ABSOLUTE,
    pm2Home: ABSOLUTE,
    pm2Program: TEXTS,
    services: FILLED_LISTS,
    "services[].name": SERVICES,
    "services[].quiesce": DURATIONS,
    "services[].work": oneOf("transactional, idempotent, unsafe"),
    "services[].boot": DURATIONS,
    "services[].destructive": BOOLEANS,
    "services[].after": LISTS,
    "services[].after[]": [...SERVICES, ["wbe", "one of this file"]],
    "services[].reads": LISTS,
    "services[].reads[]": [
      ["Database", "lower-case letters"],
      ["databse", "one of this file"],
    ],
    "services[].consumes": LISTS,
    "services[].consumes[]": PATHS,
    stopTogether: BOOLEANS,
    source: oneOf("git, directory, artifact"),
    artifact: PATHS,
    artifacts: FILLED_LISTS,
    "artifacts[]": PATHS,
    lockfile: PATHS,
    "configFiles.environment": LISTS,
    "configFiles.environment[]": PATHS,
    "configFiles.database": LISTS,
    "configFiles.database[]": PATHS,
    "configFiles.monitoring": LISTS,
    "configFiles.monitoring[]": PATHS,
    "releaseIdFrom.url": URLS,
    "releaseIdFrom.json": TEXTS,
    serving: [...SERVICES, ["wbe", "a service of this file"]],
    upstreams: LISTS,
    "upstreams[].name": [["My Upstream", "lower-case letters, digits and hyphens"]],
    "upstreams[].url": URLS,
    "upstreams[].timeout": [...POSITIVE, ["2s", "at most 1800ms"]],
    "upstreams[].expectStatus": FILLED_LISTS,
    "upstreams[].expectStatus[]": STATUSES,
  },
  database: {
    url: [
      ["mysql://h/d", "an address such as postgresql://"],
      ["postgresql://a:100%@h/d", "%25 where a percent sign is meant"],
    ],
    "migrations.table": FILLED,
    "migrations.column": FILLED,
    "migrations.down.tool": oneOf("node-pg-migrate, knex, typeorm, sequelize, sql"),
    "migrations.down.folder": PATHS,
    "migrations.down.command": FILLED_LISTS,
    "migrations.down.command[]": FILLED,
    "migrations.down.env.*": [["a\0b", "a text without NUL"]],
    "migrations.down.url": [["mysql://h/d", "an address such as postgresql://"]],
    "migrations.down.timeout": POSITIVE,
    "dump.program": ABSOLUTE,
    "dump.secureCopy": ABSOLUTE,
    "dump.keep": POSITIVE,
    "dump.schedule": [
      ["2h", "five fields as cron writes them"],
      ["61 2 * * *", "five fields as cron writes them"],
      ["0 0 2 * * *", "five fields as cron writes them"],
    ],
    "rollback.url": [["mysql://h/d", "an address such as postgresql://"]],
    "rollback.warm": oneOf("off, clone, online"),
    "rollback.mayEnd": LISTS,
    "rollback.mayEnd[]": FILLED,
    "rollback.deltaKeep": POSITIVE,
    "rollback.exportUpTo": [
      ["10 gigabytes", "a size such as 256MiB"],
      [10, "a text"],
    ],
    "rollback.journal": BOOLEANS,
    "rollback.appendOnly": LISTS,
    "rollback.appendOnly[]": [["readings", "a table with its schema, such as public.readings"]],
    "pgbouncer.url": [["http://h:6432", "an address such as postgresql://"]],
    "pgbouncer.databases": FILLED_LISTS,
    "pgbouncer.databases[]": FILLED,
  },
  signals: {
    "": FILLED_LISTS,
    "[].name": [["Api Health", "lower-case letters, digits and hyphens"]],
    "[].trigger": oneOf("system-down"),
    "[].limit": [
      [-1, "at least 0"],
      ["5 %", "a number, or a limit such as 500ms"],
      [true, "a number, or a limit such as 500ms"],
    ],
    "[].allowed": SHARES,
    "[].window": [
      [10, "a text"],
      ["first", "`last` or a duration such as 10s"],
      ["0s", "a window longer than the probe's interval"],
    ],
    "[].minSamples": atLeast(1),
    "[].breachAfter": atLeast(1),
    "[].clearAfter": atLeast(1),
    "[].burnRate.objective": [...SHARES, ["100%", "less than 100%"]],
    "[].burnRate.pairs": FILLED_LISTS,
    "[].burnRate.pairs[].long": POSITIVE,
    "[].burnRate.pairs[].short": POSITIVE,
    "[].burnRate.pairs[].rate": [[0.5, "at least 1"]],
    "[].baseline": [["25%", "a group of keys"]],
    "[].baseline.rise": SHARES,
    "[].baseline.by": [
      [-1, "at least 0"],
      ["5 %", "a number, or a limit such as 500ms"],
    ],
    "[].confirmEvery": [...POSITIVE, ["500ms", "a signal whose single samples are judged"]],
    "[].confirmOver": POSITIVE,
    "[].service": [...SERVICES, ["wbe", "a service of this file"]],
  },
  "signals[].probe<http>": {
    kind: KINDS,
    url: URLS,
    measure: oneOf("failure, latency"),
    ...TIMES,
    expectStatus: FILLED_LISTS,
    "expectStatus[]": STATUSES,
    expectBody: FILLED,
    "expectJson.*": [[["ok"], "a text, a number, true, false or null"]],
  },
  "signals[].probe<pm2>": { kind: KINDS, ...TIMES },
  "signals[].probe<websocket>": {
    kind: KINDS,
    url: [
      ["http://127.0.0.1:3001/", "an address such as ws://"],
      ["ws://127.0.0.1:3001/#x", "an address without `#`"],
    ],
    ...TIMES,
    send: FILLED,
    expectMessage: FILLED,
  },
  "signals[].probe<scrape errors>": { ...SCRAPE, statusLabel: LABELS, workerLabel: LABELS },
  "signals[].probe<scrape slow-requests>": { ...SCRAPE, workerLabel: LABELS },
  "signals[].probe<scrape gauge>": {
    ...SCRAPE,
    over: METRICS,
    aggregate: oneOf("sum, max"),
  },
  "signals[].probe<memory>": {
    kind: KINDS,
    ...TIMES,
    of: FILLED_LISTS,
    "of[]": oneOf("host, cgroup, process"),
    processLimit: [
      ["256", "a size such as 256MiB"],
      ["256MB", "a size such as 256MiB"],
      ["0B", "more than 0B"],
      [256, "a text"],
    ],
  },
  "signals[].probe<pm2-metrics>": {
    kind: KINDS,
    ...TIMES,
    service: [...SERVICES, ["wep", "a service of this file"]],
    metric: FILLED,
    unit: oneOf("seconds, bytes, ratio, value"),
  },
  "signals[].probe<access-log>": {
    kind: KINDS,
    ...TIMES,
    files: FILLED_LISTS,
    "files[]": ABSOLUTE,
    format: oneOf("combined, combined-timed, json"),
    measure: oneOf("errors, slow-requests"),
    "fields.status": FILLED,
    "fields.duration": FILLED,
    "fields.durationUnit": oneOf("s, ms, us, ns"),
    "fields.route": FILLED,
    "fields.address": FILLED,
    "fields.userAgent": FILLED,
    "ignore.routes": LISTS,
    "ignore.routes[]": FILLED,
    "ignore.addresses": LISTS,
    "ignore.addresses[]": FILLED,
    "ignore.userAgents": LISTS,
    "ignore.userAgents[]": FILLED,
  },
  "signals[].probe<alertmanager>": {
    kind: KINDS,
    "match.*": [[1, "a text"]],
    staleAfter: POSITIVE,
    interval: POSITIVE,
  },
  "signals[].probe<prometheus>": {
    kind: KINDS,
    url: [...URLS, ["http://127.0.0.1:9090/?a", "an address without `?` and `#`"]],
    query: FILLED,
    range: POSITIVE,
    step: POSITIVE,
    aggregate: oneOf("sum, max, min"),
    staleAfter: POSITIVE,
    token: [[7, "a text"]],
    username: FILLED,
    password: FILLED,
    ...TIMES,
  },
  "signals[].probe<blindness>": { kind: KINDS, interval: POSITIVE },
  "signals[].probe<webhook>": { kind: KINDS, staleAfter: POSITIVE, interval: POSITIVE },
  "signals[].probe<heartbeat>": {
    kind: KINDS,
    ...TIMES,
    period: POSITIVE,
    grace: POSITIVE,
    token: [["too-short", "at least 16 characters"]],
  },
  "signals[].probe<postgres>": {
    kind: KINDS,
    measure: oneOf(
      "failure, connections, waiting, longest-transaction, checksum-failures, corruption",
    ),
    every: [
      ["soon", "a duration such as 500ms"],
      ["0s", "more than 0s"],
    ],
    interval: POSITIVE,
    timeout: [
      ["soon", "a duration such as 500ms"],
      ["0s", "more than 0s"],
    ],
  },
  "signals[].probe<sql>": {
    kind: KINDS,
    query: FILLED,
    measure: oneOf("value, fall"),
    over: [
      ["soon", "a duration such as 500ms"],
      ["0s", "more than 0s"],
    ],
    retention: SHARES,
    ...TIMES,
  },
  "signals[].probe<advisories>": {
    kind: KINDS,
    ...TIMES,
    level: oneOf("low, moderate, high, critical"),
    registry: URLS,
    every: POSITIVE,
  },
  "signals[].probe<tcp>": { kind: KINDS, ...TIMES, address: HOST_PORTS },
  "signals[].probe<tls>": {
    kind: KINDS,
    ...TIMES,
    address: HOST_PORTS,
    servername: [["two words", "a host's name such as"]],
    trusted: BOOLEANS,
    authority: ABSOLUTE,
    expiresWithin: POSITIVE,
  },
  "signals[].probe<dns>": {
    kind: KINDS,
    ...TIMES,
    name: [["two words", "a name such as www.example.org"]],
    type: oneOf("A, AAAA, CNAME, MX, TXT, SRV"),
    expect: FILLED_LISTS,
    "expect[]": FILLED,
    server: [["resolver.test", "an address such as 192.0.2.53"]],
  },
  "signals[].probe<synthetic-alert>": {
    kind: KINDS,
    url: [["ftp://x/", "an address such as http://127.0.0.1:3000/readings"]],
    "headers.*": TEXTS,
    body: [[{ note: "no mark" }, "{{mark}} in one of its texts"]],
    // Whatever the application takes.
    "body.*": [],
    expectStatus: FILLED_LISTS,
    "expectStatus[]": STATUSES,
    within: POSITIVE,
    expectRow: [["select from alerts", "a statement that names its mark as $1"]],
    "expectMessage.url": SOCKETS,
    // In the probe's own test: here there is `sql`, which it excludes.
    "cleanUp.delete": [],
    "cleanUp.sql": FILLED_LISTS,
    "cleanUp.sql[]": [["delete from readings", "a statement that names its mark as $1"]],
    "cleanUp.databaseUrl": [["mysql://h/d", "an address such as postgresql://"]],
    cleanUp: [
      [{}, "either `sql` or `delete`"],
      [{ delete: "http://127.0.0.1:3000/{{mark}}", sql: ["delete from a where b = $1"] }, "either"],
    ],
    "cleanUp.headers.*": TEXTS,
    interval: POSITIVE,
    timeout: [
      ["soon", "a duration such as 500ms"],
      ["7s", "at least twice `within` and 6s"],
    ],
  },
  "signals[].probe<command>": {
    kind: KINDS,
    ...TIMES,
    program: ABSOLUTE,
    args: LISTS,
    "args[]": [["a\0b", "a text without NUL"]],
    cwd: ABSOLUTE,
    "env.*": [["a\0b", "a text without NUL"]],
    measure: oneOf("exit, number"),
    expectExit: FILLED_LISTS,
    "expectExit[]": [
      [256, "at most 255"],
      [-1, "at least 0"],
    ],
  },
  "signals[].probe<http-sequence>": {
    kind: KINDS,
    ...TIMES,
    steps: FILLED_LISTS,
    "steps[].name": FILLED,
    "steps[].method": oneOf("GET, HEAD, POST, PUT, PATCH, DELETE"),
    "steps[].url": [
      ["ftp://127.0.0.1/", "an address such as http"],
      ["http://{{id}}/", "without {{…}} in its host"],
      ["http://127.0.0.1/{{id}}", "only what an earlier step saves"],
    ],
    "steps[].headers.*": [
      ["a\r\nb: c", "printable characters"],
      ["{{id}}", "only what an earlier step saves"],
    ],
    "steps[].body": [...FILLED, ["{{id}}", "only what an earlier step saves"]],
    "steps[].expectStatus": FILLED_LISTS,
    "steps[].expectStatus[]": STATUSES,
    "steps[].expectBody": FILLED,
    "steps[].expectJson.*": [[["ok"], "a text, a number, true, false or null"]],
    "steps[].save.*": FILLED,
  },
  ...Object.fromEntries(
    TRIGGERS.map((trigger) => [
      `policy.triggers.${trigger}`,
      {
        mode: oneOf("off, shadow, recommend, auto"),
        countdown: [...DURATIONS, ["121s", "at most 2m"]],
        tier: oneOf("immediate, fast, planned"),
        blameWindow: DURATIONS,
        deciders: FILLED_LISTS,
        "deciders[]": ROLE,
      },
    ]),
  ),
  policy: {
    "brakes.cooldown": DURATIONS,
    "brakes.rollbacksPerDay": atLeast(1),
    "brakes.maxReleaseAge": POSITIVE,
    "brakes.restartStorm.starts": [...atLeast(1), [20, "at most 19"]],
    "brakes.restartStorm.within": POSITIVE,
    "brakes.restartStorm.quiet": POSITIVE,
    "restarts.perHour": atLeast(0),
    "restarts.perDay": atLeast(0),
    "approval.expires": POSITIVE,
    "approval.askAgain": DURATIONS,
  },
  release: { bake: DURATIONS, keep: atLeast(2), verifyEvery: POSITIVE, warm: BOOLEANS },
  recording: {
    enabled: BOOLEANS,
    keep: POSITIVE,
    maxSize: [
      ["much", "a size such as 256MiB"],
      ["1KiB", "at least 1MiB"],
    ],
  },
  verify: {
    settle: DURATIONS,
    steady: DURATIONS,
    timeout: [...DURATIONS, ["2s", "more than settle and steady together"]],
    endpoints: LISTS,
    "endpoints[].url": URLS,
    "endpoints[].expectStatus": FILLED_LISTS,
    "endpoints[].expectStatus[]": STATUSES,
    "endpoints[].timeout": POSITIVE,
    "endpoints[].slowerThan.ratio": SHARES,
    "endpoints[].slowerThan.by": DURATIONS,
    tables: LISTS,
    "tables[]": TABLES,
    retention: LISTS,
    "retention[]": TABLES,
    rowsMayFall: atLeast(0),
    "websocket.url": SOCKETS,
    "websocket.expectMessage": FILLED,
    "logs.newErrors": oneOf("fail, tell, off"),
    connections: SHARES,
    memoryMayGrow: SHARES,
  },
  notify: {
    updates: DURATIONS,
    taskReminders: DURATIONS,
    proof: DURATIONS,
    fallbackAfter: POSITIVE,
    "routes.fallback": LISTS,
    "routes.fallback[]": CHANNEL,
    "channels.*<log>.kind": CHANNELS,
    "channels.*<webhook>.kind": CHANNELS,
    "channels.*<webhook>.url": URLS,
    "channels.*<webhook>.secret": [["short", "at least 16 characters"]],
    "channels.*<webhook>.timeout": POSITIVE,
    "channels.*<slack>.kind": CHANNELS,
    "channels.*<slack>.url": URLS,
    "channels.*<slack>.timeout": POSITIVE,
    "channels.*<slack-bot>.kind": CHANNELS,
    "channels.*<slack-bot>.token": [["short", "at least 16 characters"]],
    "channels.*<slack-bot>.channel": [["#general", "an id such as C0123456789"]],
    "channels.*<slack-bot>.signingSecret": [["short", "at least 16 characters"]],
    "channels.*<slack-bot>.url": URLS,
    "channels.*<slack-bot>.timeout": POSITIVE,
    "channels.*<email>.kind": CHANNELS,
    "channels.*<email>.url": [["http://127.0.0.1/", "smtps://user:password@mail.example.com"]],
    "channels.*<email>.from": MAIL,
    "channels.*<email>.to": LISTS,
    "channels.*<email>.to[]": MAIL,
    "channels.*<email>.tls": oneOf("required, off"),
    "channels.*<email>.timeout": POSITIVE,
    "channels.*<teams>.kind": CHANNELS,
    "channels.*<teams>.url": URLS,
    "channels.*<teams>.timeout": POSITIVE,
    "channels.*<alertmanager>.kind": CHANNELS,
    "channels.*<alertmanager>.url": URLS,
    "channels.*<alertmanager>.token": [["short", "at least 16 characters"]],
    "channels.*<alertmanager>.labels.*": TEXTS,
    "channels.*<alertmanager>.endsAfter": POSITIVE,
    "channels.*<alertmanager>.silence.match.*": TEXTS,
    "channels.*<alertmanager>.silence.atMost": POSITIVE,
    "channels.*<alertmanager>.timeout": POSITIVE,
    "channels.*<twilio>.kind": CHANNELS,
    "channels.*<twilio>.account": [["AC1", "an account such as"]],
    "channels.*<twilio>.apiKey": [["SK1", "a key such as"]],
    "channels.*<twilio>.secret": [["short", "at least 16 characters"]],
    "channels.*<twilio>.from": TELEPHONES,
    "channels.*<twilio>.to": TELEPHONES,
    "channels.*<twilio>.how": oneOf("message, call"),
    "channels.*<twilio>.url": URLS,
    "channels.*<twilio>.timeout": POSITIVE,
    "channels.*<ntfy>.kind": CHANNELS,
    "channels.*<ntfy>.url": URLS,
    "channels.*<ntfy>.topic": [["radiation/duty", "up to 64 letters"]],
    "channels.*<ntfy>.token": [["short", "at least 16 characters"]],
    "channels.*<ntfy>.timeout": POSITIVE,
    "channels.*<opsgenie>.kind": CHANNELS,
    "channels.*<opsgenie>.apiKey": [["short", "at least 16 characters"]],
    "channels.*<opsgenie>.url": URLS,
    "channels.*<opsgenie>.timeout": POSITIVE,
    "channels.*<pagerduty>.kind": CHANNELS,
    "channels.*<pagerduty>.routingKey": [["short", "an integration key of 32 letters and digits"]],
    "channels.*<pagerduty>.url": URLS,
    "channels.*<pagerduty>.timeout": POSITIVE,
    "routes.page": FILLED_LISTS,
    "routes.page[]": CHANNEL,
    "routes.tell": FILLED_LISTS,
    "routes.tell[]": CHANNEL,
  },
  server: {
    listen: [
      ["9876", "host:port such as 127.0.0.1:9876"],
      ["127.0.0.1:99999", "a port from 0 to 65535"],
      ["0.0.0.0:9876", "a loopback address"],
    ],
    "metrics.listen": [
      ["9877", "host:port such as 127.0.0.1:9876"],
      ["10.0.0.5:99999", "a port from 0 to 65535"],
    ],
    "metrics.token": [["short", "at least 16 characters"]],
    publicUrl: [["https://rollwatch.example.com/there", "no path"]],
  },
  people: {
    "emergency.hotline": FILLED,
    "emergency.address": FILLED,
    "emergency.channel": FILLED,
    contacts: LISTS,
    "contacts[].name": FILLED,
    "contacts[].roles": LISTS,
    "contacts[].roles[]": ROLE,
    "contacts[].token": [["short", "at least 16 characters"]],
    "contacts[].access": LISTS,
    "contacts[].channels": LISTS,
    "contacts[].channels[]": [["nowhere", "a channel of notify.channels"]],
    "contacts[].hours": LISTS,
    "contacts[].hours[]": HOURS,
    "calendar.timeZone": [["Europe/Berlim", "a time zone such as Europe/Berlin"]],
    "calendar.days": LISTS,
    "calendar.days[]": oneOf("sun, mon, tue, wed, thu, fri, sat"),
    "calendar.from": CLOCK,
    "calendar.to": [...CLOCK, ["07:00", "a time after people.calendar.from"]],
    "calendar.holidays": LISTS,
    "calendar.holidays[]": DATES,
    "escalation.second": DURATIONS,
    "escalation.third": DURATIONS,
    rotations: LISTS,
    reviewed: DATES,
    "rotations[].name": FILLED,
    "rotations[].people": LISTS,
    "rotations[].people[]": [["Adda", "the name of a contact"]],
    "rotations[].from": DATES,
    "rotations[].at": CLOCK,
    "rotations[].days": atLeast(1),
    "rotations[].hours": LISTS,
    "rotations[].hours[]": HOURS,
    "contacts[].slackUser": [["ada", "a member's id such as U0123456789"]],
    "contacts[].linksTo": [["nowhere", "one of "]],
    "contacts[].access[]": oneOf("read, acknowledge, approve, administer"),
  },
  statusPage: {
    title: FILLED,
    url: URLS,
    listen: [
      ["9878", "host:port such as 127.0.0.1:9876"],
      ["10.0.0.5:99999", "a port from 0 to 65535"],
    ],
    components: LISTS,
    "components[].name": FILLED,
    "components[].services": LISTS,
    "components[].services[]": [["wbe", "a service of this file"]],
    "components[].signals": LISTS,
    "components[].signals[]": [["signal-x", "a signal of this file"]],
    "publish.*<statuspage>.kind": PUBLISHERS,
    "publish.*<statuspage>.apiKey": [["a/b", "at least 8 characters"]],
    "publish.*<statuspage>.page": [["a/b", "letters and digits"]],
    "publish.*<statuspage>.url": URLS,
    "publish.*<statuspage>.components.*": FILLED,
    "publish.*<statuspage>.notify": BOOLEANS,
    "publish.*<statuspage>.timeout": POSITIVE,
    "publish.*<cachet>.kind": PUBLISHERS,
    "publish.*<cachet>.token": [["a/b", "at least 8 characters"]],
    "publish.*<cachet>.url": URLS,
    "publish.*<cachet>.components.*": FILLED,
    "publish.*<cachet>.notify": BOOLEANS,
    "publish.*<cachet>.timeout": POSITIVE,
    "publish.*<instatus>.kind": PUBLISHERS,
    "publish.*<instatus>.apiKey": [["a/b", "at least 8 characters"]],
    "publish.*<instatus>.page": [["a/b", "letters and digits"]],
    "publish.*<instatus>.url": URLS,
    "publish.*<instatus>.components.*": FILLED,
    "publish.*<instatus>.notify": BOOLEANS,
    "publish.*<instatus>.timeout": POSITIVE,
  },
  host: { root: ABSOLUTE },
  watchdog: {
    "heartbeat.url": URLS,
    "heartbeat.every": POSITIVE,
    "heartbeat.timeout": POSITIVE,
    "guard.enabled": BOOLEANS,
    "guard.failures": atLeast(2),
    "guard.every": POSITIVE,
    "guard.timeout": POSITIVE,
  },
  "": { state: ABSOLUTE },
};

/** Every key by its name in the table above. */
function keysOf(node: SchemaNode, at = ""): readonly string[] {
  if (node.oneOf !== undefined) {
    return node.oneOf.flatMap((one) => keysOf(one, `${at}${variantOf(one)}`));
  }
  if (node.properties !== undefined) {
    return Object.entries(node.properties).flatMap(([key, below]) =>
      keysOf(below, at === "" ? key : `${at}.${key}`),
    );
  }
  if (node.items !== undefined) {
    const isOfGroups = node.items.properties !== undefined;
    return isOfGroups || node.items.oneOf !== undefined
      ? [at, ...keysOf(node.items, `${at}[]`)]
      : [at, `${at}[]`];
  }
  return typeof node.additionalProperties === "object"
    ? keysOf(node.additionalProperties, `${at}.*`)
    : [at];
}

/** Such as `<scrape gauge>`; nothing for the group of the three scrapes. */
function variantOf({ properties }: SchemaNode): string {
  const names = [properties?.["kind"]?.const, properties?.["measure"]?.const];
  const known = names.filter((name) => name !== undefined);
  return known.length === 0 ? "" : `<${known.map(String).join(" ")}>`;
}

const CASES = Object.entries(WRONG).flatMap(([group, keys]) =>
  Object.entries(keys).map(([key, wrong]) => ({
    key: group === "" || key === "" || key.startsWith("[") ? `${group}${key}` : `${group}.${key}`,
    wrong,
  })),
);

/** The place of a key in the full configuration, above. */
function placeOf(key: string, configuration: unknown): Path {
  const path: (string | number)[] = [];
  let at = configuration;
  for (const [part] of key.matchAll(/[^.<[\]]+|\[\]|<[^>]+>/gu)) {
    if (part.startsWith("<")) {
      const variant = part.slice(1, -1);
      if (path[0] === "signals") {
        path[1] = signalWith(variant, configuration);
        at = valueAt(configuration, path);
      } else {
        path[path.length - 1] = nameOf(variant, valueAt(configuration, path.slice(0, -1)));
        at = valueAt(configuration, path);
      }
      continue;
    }
    path.push(part === "[]" ? 0 : part === "*" ? firstKey(at) : part);
    at = valueAt(configuration, path);
  }
  return path;
}

function signalWith(variant: string, configuration: unknown): number {
  const [kind, measure] = variant.split(" ");
  const signals = valueAt(configuration, ["signals"]);
  return Array.isArray(signals)
    ? signals.findIndex((one) => {
        const probe = valueAt(one, ["probe"]);
        return (
          valueAt(probe, ["kind"]) === kind &&
          (measure === undefined || valueAt(probe, ["measure"]) === measure)
        );
      })
    : -1;
}

function nameOf(kind: string, group: unknown): string {
  const [name] =
    typeof group === "object" && group !== null
      ? Object.entries(group)
          .filter(([, one]) => valueAt(one, ["kind"]) === kind)
          .map(([key]) => key)
      : [];
  return name ?? "no such kind";
}

function firstKey(value: unknown): string {
  return typeof value === "object" && value !== null ? (Object.keys(value)[0] ?? "any") : "any";
}

function valueAt(value: unknown, path: Path): unknown {
  let at = value;
  for (const key of path) {
    at =
      typeof at === "object" && at !== null
        ? Object.getOwnPropertyDescriptor(at, key)?.value
        : undefined;
  }
  return at;
}

/** The same configuration with another value at one place. */
function withValue(configuration: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) {
    return value;
  }
  if (Array.isArray(configuration) || typeof key === "number") {
    const copy: unknown[] = Array.isArray(configuration) ? [...configuration] : [];
    copy[Number(key)] = withValue(copy[Number(key)], rest, value);
    return copy;
  }
  const group = typeof configuration === "object" && configuration !== null ? configuration : {};
  return { ...group, [key]: withValue(valueAt(group, [key]), rest, value) };
}

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join("/tmp", "rwB-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function problemsOf(configuration: unknown): Promise<readonly Problem[]> {
  const file = join(folder, "c.yaml");
  await writeFile(file, stringify(configuration, { aliasDuplicateObjects: false }));
  await chmod(file, 0o600);
  try {
    await loadConfig(file, {});
    return [];
  } catch (error) {
    if (error instanceof ConfigInvalid) {
      return error.problems;
    }
    throw error;
  }
}

describe("every key of the configuration", () => {
  const full = fullConfiguration();

  it("has wrong values here", () => {
    const known = new Set(CASES.map(({ key }) => key));

    expect([...new Set(keysOf(configTree()))].filter((key) => !known.has(key))).toEqual([]);
  });

  it("may stand in one file", async () => {
    expect(await problemsOf(full)).toEqual([]);
  });

  it.each(CASES)(
    "$key with a wrong value gives one problem with its place and cure",
    async (one) => {
      const place = placeOf(one.key, full);

      for (const [value, expected] of one.wrong) {
        const problems = await problemsOf(withValue(full, place, value));

        expect({ value, problems }).toMatchObject({
          value,
          problems: [
            {
              path: formatPath(place),
              expected: expect.stringContaining(expected),
              found: expect.stringMatching(/./u),
              hint: expect.stringMatching(/./u),
            },
          ],
        });
        expect(problems[0]?.line).toBeGreaterThan(1);
      }
    },
  );

  it.each([
    ["the name of another", [{ name: "Ada" }, { name: "ada" }], "people.contacts[1].name"],
    [
      "the name of another in wide letters",
      [{ name: "Ada B" }, { name: "Ａda  b" }],
      "people.contacts[1].name",
    ],
    ["rollwatch's own name", [{ name: "policy" }], "people.contacts[0].name"],
    [
      "the token of another",
      [
        { name: "Ada", token: "0123456789abcdef" },
        { name: "Bo", token: "0123456789abcdef" },
      ],
      "people.contacts[1].token",
    ],
    [
      "the member of Slack of another",
      [
        { name: "Ada", slackUser: "U0123456789" },
        { name: "Bo", slackUser: "U0123456789" },
      ],
      "people.contacts[1].slackUser",
    ],
  ])("nobody may have %s", async (_what, contacts, path) => {
    const alone = withValue(full, ["people", "rotations"], []);

    const problems = await problemsOf(withValue(alone, ["people", "contacts"], contacts));

    expect(problems).toMatchObject([{ path, hint: expect.stringContaining("each person") }]);
    expect(JSON.stringify(problems)).not.toContain("0123456789abcdef");
  });

  it.each([
    [
      "hours without a calendar",
      { contacts: [{ name: "Ada", hours: ["weekend"] }] },
      "people.contacts[0].hours",
      "people.calendar beside it",
    ],
    [
      "turns without a calendar",
      {
        contacts: [{ name: "Ada" }],
        rotations: [{ name: "r", people: ["Ada"], from: "2026-01-05" }],
      },
      "people.rotations",
      "people.calendar beside it",
    ],
    [
      "a role that nothing reaches beside one that something does",
      {
        contacts: [
          { name: "Ada", channels: ["log"] },
          { name: "Bo", roles: ["executives"] },
        ],
      },
      "people.contacts[1].name",
      "a channel that reaches each person",
    ],
    [
      "an hour that nobody of the team covers",
      {
        calendar: { timeZone: "UTC" },
        contacts: [
          { name: "Ada", channels: ["log"], hours: ["business"] },
          { name: "Bo", channels: ["log"], roles: ["executives"] },
        ],
      },
      "people.contacts",
      "somebody of the rollback team who is reached at every hour",
    ],
  ])("people with %s are refused", async (_what, people, path, expected) => {
    const problems = await problemsOf(withValue(full, ["people"], people));

    expect(problems).toMatchObject([{ path, expected: expect.stringContaining(expected) }]);
  });

  it("a page elsewhere has ids of the status page's own parts alone", async () => {
    const place = ["statusPage", "publish", "own", "components"];

    const problems = await problemsOf(withValue(full, place, { Wbe: "1" }));

    expect(problems).toMatchObject([
      { path: "statusPage.publish.own.components.Wbe", hint: 'did you mean "Web"?' },
    ]);
  });

  it("two parts of the status page may not have one name", async () => {
    const components = [{ name: "Web" }, { name: "Web" }];

    const problems = await problemsOf(withValue(full, ["statusPage", "components"], components));

    expect(problems).toMatchObject([
      { path: "statusPage.components[1].name", expected: "each name once" },
    ]);
  });

  it("a probe that compares lock files needs them in the captured releases", async () => {
    const problems = await problemsOf(withValue(full, ["application", "artifacts"], ["dist"]));

    expect(problems).toMatchObject([
      {
        path: formatPath(placeOf("signals[].probe<advisories>.kind", full)),
        hint: "add package-lock.json to application.artifacts, or remove the signal",
      },
    ]);
  });

  it.each([
    "",
    "application",
    "database",
    "signals[].probe<http>",
    "policy",
    "release",
    "verify",
    "people",
  ])("in the group %j may not be misspelt", async (group) => {
    const place = [...placeOf(group, full), "nonsense"];

    const problems = await problemsOf(withValue(full, place, 1));

    expect(problems).toMatchObject([
      { path: formatPath(place), expected: "a known key", hint: expect.stringContaining("known") },
    ]);
  });
});
