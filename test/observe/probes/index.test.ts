import { describe, expect, it } from "vitest";
import { createProbe, ProbeSettings } from "../../../src/observe/probes/index.ts";
import { openSources } from "../../../src/observe/sources.ts";
import { openLogs } from "../../../src/system/logs.ts";
import { openMetricsFolders } from "../../../src/system/metrics-folder.ts";
import { fakeAudits } from "../../support/fakes/audits.ts";
import { fakeCertificates } from "../../support/fakes/certificates.ts";
import { createManualClock } from "../../support/fakes/clock.ts";
import { fakeDatabase } from "../../support/fakes/database.ts";
import { fakeHttp } from "../../support/fakes/http.ts";
import { memoryInbox } from "../../support/fakes/inbox.ts";
import { fakeMemory } from "../../support/fakes/memory.ts";
import { fakePm2 } from "../../support/fakes/pm2.ts";
import { fakeProcesses } from "../../support/fakes/processes.ts";
import { fakeStatements } from "../../support/fakes/statements.ts";
import { fakeResolver } from "../../support/fakes/resolver.ts";
import { fakeTcp } from "../../support/fakes/tcp.ts";
import { fakeWebsocket } from "../../support/fakes/websocket.ts";

describe("making a probe from its settings", () => {
  it.each([
    [
      { kind: "http", url: "http://127.0.0.1:1/", interval: "5s" },
      "200 in 12 ms (connect 1 ms, first byte 10 ms, transfer 1 ms)",
    ],
    [
      { kind: "websocket", url: "ws://127.0.0.1:1/", interval: "5s" },
      "connect 1 ms, handshake 1 ms, ping 1 ms",
    ],
    [
      { kind: "scrape", measure: "gauge", metric: "up", url: "http://127.0.0.1:1/metrics" },
      "no metrics: there is no value of up",
    ],
    [
      { kind: "pm2-metrics", service: "api", metric: "HTTP" },
      "no metrics: no process of api is running",
    ],
    [
      { kind: "access-log", files: ["/nowhere/a.log"], format: "json", measure: "errors" },
      "no metrics: there is no file /nowhere/a.log",
    ],
    [{ kind: "memory" }, "the host: 2.0 GiB of 8.0 GiB (25 %)"],
    [{ kind: "postgres", measure: "failure" }, "the database answers"],
    [{ kind: "postgres", measure: "corruption" }, "pg_amcheck found nothing"],
    [
      {
        kind: "synthetic-alert",
        url: "http://127.0.0.1:1/",
        body: { note: "{{mark}}" },
        expectRow: "select from alerts where note = $1",
        cleanUp: { delete: "http://127.0.0.1:1/{{mark}}" },
        interval: "5s",
      },
      "not tried: only the running daemon posts readings, and cleans them up",
    ],
    [{ kind: "sql", query: "select 0", interval: "5s" }, "it answers 0"],
    [
      {
        kind: "http-sequence",
        steps: [{ name: "one", url: "http://127.0.0.1:1/" }],
        interval: "5s",
      },
      "1 steps in 0 ms",
    ],
    [
      { kind: "advisories", interval: "5s" },
      "no other release was proven yet with which to compare",
    ],
    [{ kind: "tcp", address: "127.0.0.1:80", interval: "5s" }, "connect 1 ms"],
    [{ kind: "dns", name: "app.test", interval: "5s" }, "there is no name app.test"],
    [
      { kind: "tls", address: "app.test:443", interval: "5s" },
      "25972 days left, until 2098-01-01 00:00:00 UTC, from Test authority (connect 1 ms, tls 4 ms)",
    ],
    [{ kind: "command", program: "/bin/check", interval: "5s" }, "exit 0 after 0 ms"],
    [
      { kind: "alertmanager", match: { severity: "critical" } },
      "Alertmanager was not heard since rollwatch started",
    ],
    [
      { kind: "prometheus", url: "http://127.0.0.1:9090", query: "up", interval: "5s" },
      "Prometheus (200): its answer is not one of Prometheus' query API",
    ],
    [{ kind: "blindness" }, "every signal is seen"],
    [{ kind: "webhook" }, "nobody has ever told of some-signal at POST /api/v1/webhooks/generic"],
    [
      { kind: "heartbeat", period: "1m" },
      "nobody has ever checked in at POST /api/v1/heartbeats/some-signal",
    ],
    [{ kind: "pm2", interval: "5s", timeout: "1s" }, "api is not known to pm2"],
  ])("gives one of the kind that %j asks for", async (settings, detail) => {
    const ports = {
      logs: openLogs(),
      metricsFolders: openMetricsFolders(createManualClock()),
      inbox: memoryInbox(createManualClock()),
      http: fakeHttp(),
      websocket: fakeWebsocket(),
      pm2: fakePm2(),
      memory: fakeMemory(),
      clock: createManualClock(),
      services: ["api"],
      processes: fakeProcesses(),
      audits: fakeAudits(),
      lockfiles: { pair: async () => ({ kind: "first" }) as const },
      tcp: fakeTcp(),
      certificates: fakeCertificates(),
      resolver: fakeResolver(),
      childEnvironment: {},
      secrets: [],
      statements: fakeStatements(),
      amcheck: { check: async () => ({ kind: "sound" }) as const },
      databaseUrl: "postgres://host/db",
    };
    const sources = openSources({ ...ports, database: fakeDatabase() });
    const signal = { name: "some-signal", probe: ProbeSettings.parse(settings), limit: 0.5 };

    const probe = createProbe(signal, { ...ports, sources });

    expect(probe).toMatchObject({ signal: "some-signal", kind: settings.kind, intervalMs: 5000 });
    expect(await probe.sample(new AbortController().signal)).toMatchObject({ detail });
  });
});
