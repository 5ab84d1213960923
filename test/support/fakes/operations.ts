import type { DoctorReport } from "../../../src/model/doctor.ts";
import { Failure } from "../../../src/model/failure.ts";
import type { AsideReport } from "../../../src/model/aside-database.ts";
import type {
  CheckRound,
  IncidentReport,
  Operations,
  Status,
} from "../../../src/model/operations.ts";
import type { RollbackPreview } from "../../../src/model/preview.ts";
import type { ReleaseDetails, ReleaseDifference } from "../../../src/model/release-report.ts";

const NOW = 1_800_000_000_000;
const SIGNAL = {
  name: "api-health",
  trigger: "system-down",
  state: "ok",
  value: 0,
  unit: "failures",
  limit: 0,
  since: NOW - 60_000,
  badWindows: 0,
  breachAfter: 3,
  reason: "200 in 4 ms",
} as const;
const HEALTHY = {
  kind: "healthy",
  trigger: null,
  tier: null,
  since: null,
  cause: null,
  evidence: [],
  missing: [],
} as const;

/** An incident that was rolled back. */
export function anIncidentReport(more: Partial<IncidentReport> = {}): IncidentReport {
  return {
    id: "inc-1",
    trigger: "system-down",
    tier: "immediate",
    mode: "auto",
    since: NOW - 7_200_000,
    openedAt: NOW - 7_194_000,
    signals: ["api-health"],
    cause: "release",
    evidence: ["the commit changed a minute before"],
    decisions: [],
    recoveries: [],
    reported: null,
    acknowledged: null,
    notes: [],
    label: null,
    closed: { at: NOW - 7_100_000, outcome: "rolled-back", reason: "verified" },
    ...more,
  };
}

/** The status of a healthy application. */
export function aStatus(more: Partial<Status> = {}): Status {
  return {
    application: "radiation-health",
    version: "0.1.0",
    pid: 4711,
    startedAt: NOW - 3_600_000,
    uptimeMs: 3_600_000,
    policies: [{ trigger: "system-down", mode: "auto" }],
    deployed: { commit: "a".repeat(40), served: "v1.4.0", since: NOW - 3_600_000 },
    verdict: { ...HEALTHY, evidence: [], missing: [] },
    signals: [SIGNAL],
    controls: [{ name: "database", state: "green", detail: "1 ms" }],
    releases: [
      {
        id: "rel-1",
        commit: "a".repeat(40),
        served: "v1.4.0",
        tag: "pre-deployment-20270115-0800",
        capturedAt: NOW - 3_600_000,
        provenAt: NOW - 3_000_000,
        ready: true,
        problems: [],
      },
    ],
    openIncident: null,
    lastIncidents: [anIncidentReport()],
    rollback: null,
    guards: [],
    noticesQueued: 0,
    paused: null,
    observing: null,
    maintenance: null,
    waiting: null,
    ...more,
  };
}

/** A round of probes in which everything was good. */
export function aCheckRound(more: Partial<CheckRound> = {}): CheckRound {
  return {
    application: "radiation-health",
    at: NOW,
    signals: [{ ...SIGNAL, bad: false, tookMs: 4 }],
    controls: [{ name: "pm2", state: "green", detail: "answers" }],
    deployed: { commit: null, since: NOW },
    verdict: { ...HEALTHY, evidence: [], missing: [] },
    ...more,
  };
}

/** A rollback that nothing refuses. */
export function aPreview(more: Partial<RollbackPreview> = {}): RollbackPreview {
  return {
    scope: "application",
    target: "rel-1",
    steps: [{ id: "switch:server", kind: "switch", describe: "put server back (212 files)" }],
    kept: [{ path: ".env", reason: "changed by hand" }],
    estimatedSeconds: 6.25,
    refusals: [],
    ...more,
  };
}

/** A captured release in full. */
export function aReleaseDetails(more: Partial<ReleaseDetails> = {}): ReleaseDetails {
  return {
    id: "rel-1",
    commit: "a".repeat(40),
    capturedAt: NOW - 3_600_000,
    provenAt: NOW - 3_000_000,
    tag: "pre-deployment-20270115-0800",
    identity: { commit: "a".repeat(40), served: "v1.4.0", schema: "003_summary (3)" },
    interpreter: "v20.20.2",
    interpreterPath: "/usr/bin/node",
    nativeModules: [],
    services: ["web"],
    paths: [
      {
        path: "dist",
        kind: "directory",
        kindOfConfig: null,
        digest: "d".repeat(64),
        files: 212,
        bytes: 4096,
      },
    ],
    database: null,
    ready: true,
    problems: [],
    ...more,
  };
}

/** Two releases that differ in one file. */
export function aReleaseDifference(more: Partial<ReleaseDifference> = {}): ReleaseDifference {
  return {
    from: "rel-1",
    to: "rel-2",
    changes: [{ kind: "file", name: "dist/main.js", change: "changed", detail: "212 bytes" }],
    artifacts: [{ path: "dist", added: 0, removed: 0, changed: 1 }],
    more: 0,
    schema: null,
    ...more,
  };
}

/** A database that a swap has replaced. */
export function anAside(more: Partial<AsideReport> = {}): AsideReport {
  return {
    name: "radiation_aside_1800000000000",
    oid: 16_500,
    state: "kept",
    live: "radiation",
    at: NOW - 600_000,
    plan: "plan-1",
    release: "rel-1",
    bytes: 7_340_032,
    ...more,
  };
}

/** Operations that answer what the builders say. */
export function fakeOperations(more: Partial<Operations> = {}): Operations {
  return {
    status: async () => aStatus(),
    check: async () => aCheckRound(),
    previewRollback: async () => aPreview(),
    releases: async () => aStatus().releases,
    showRelease: async (id) => {
      if (id !== "rel-1") {
        throw new Failure("release-unknown", `there is no release ${id}`, { hint: "list them" });
      }
      return aReleaseDetails();
    },
    diffReleases: async (from, to) => aReleaseDifference({ from, to }),
    asides: async () => [anAside()],
    record: async () => ({ triggers: [] }),
    incidents: async () => [anIncidentReport()],
    incident: async (id) => (id === "inc-1" ? anIncidentReport() : undefined),
    ...more,
  };
}

/** What the doctor says of an application without a fault. */
export function aDoctorReport(more: Partial<DoctorReport> = {}): DoctorReport {
  return {
    application: "radiation-health",
    file: "/etc/rollwatch/rollwatch.yaml",
    at: NOW,
    lines: [{ area: "pm2", check: "pm2", state: "ok", detail: "version 7.0.4", cure: null }],
    requests: [{ origin: "http://127.0.0.1:3000", perMinute: 60 }],
    warnings: 0,
    faults: 0,
    ...more,
  };
}
