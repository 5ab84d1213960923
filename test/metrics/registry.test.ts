import { beforeEach, describe, expect, it } from "vitest";
import { createMetrics } from "../../src/metrics/registry.ts";
import type { Metrics } from "../../src/metrics/registry.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import type { History, Incident, Recovery } from "../../src/model/history.ts";
import type { Signal } from "../../src/model/signal.ts";

const EMPTY: History = {
  changes: [],
  releases: [],
  incidents: [],
  recoveries: [],
  outbox: [],
  told: new Set(),
  daemonStarts: [],
};

const INCIDENT: Incident = {
  id: "inc-1",
  trigger: "system-down",
  tier: "immediate",
  mode: "auto",
  since: 1_000_000,
  openedAt: 1_006_000,
  signals: ["api-health"],
  cause: "release",
  evidence: [],
  decisions: [],
  plans: ["plan-1"],
};

const RECOVERY: Recovery = {
  plan: {
    id: "plan-1",
    incident: "inc-1",
    scope: "application",
    target: "rel-1",
    from: {},
    createdAt: 1_007_000,
    deadline: 1_300_000,
    configHash: "ab",
    requestedBy: "policy",
    steps: [{ id: "switch:server", kind: "switch", phase: "act" }],
  },
  plannedAt: 1_007_000,
  attempts: [1_008_000, 1_009_000],
  steps: [{ step: "switch:server", attempt: 1, startedAt: 1_009_000 }],
};

const INVOLVED: History = { ...EMPTY, incidents: [INCIDENT], recoveries: [RECOVERY] };

let metrics: Metrics;

beforeEach(() => {
  metrics = createMetrics({
    application: "radiation-health",
    version: "0.1.0",
    nodeVersion: "v20.20.2",
    probes: [{ signal: "api-health", kind: "http", timeoutMs: 1500 }],
    guards: ["cooldown"],
    steps: ["switch"],
    channels: ["log"],
  });
});

/** The value of a series, by its name and labels without the application's; undefined when it is not there. */
async function valueOf(series: string): Promise<number | undefined> {
  const lines = (await metrics.render()).split("\n");
  const named = lines
    .map((line) =>
      line
        .replace(/,?application="radiation-health"/u, "")
        .replace("{,", "{")
        .replace("{}", ""),
    )
    .find((line) => line.startsWith(`rollwatch_${series} `));
  return named === undefined ? undefined : Number(named.split(" ").at(-1));
}

function happens(at: number, fact: Fact, history: History = INVOLVED): void {
  const entry: Entry = { seq: 1, at, fact };
  metrics.onEntry(entry, history);
}

function aSignal(more: Partial<Signal> = {}): Signal {
  return {
    name: "api-health",
    trigger: "system-down",
    state: "ok",
    value: 0,
    unit: "failures",
    limit: 0,
    since: 1,
    badWindows: 0,
    goodWindows: 1,
    reason: "200",
    ...more,
  };
}

describe("every metric", () => {
  it("names the application", async () => {
    const lines = (await metrics.render()).split("\n");

    const series = lines.filter((line) => line !== "" && !line.startsWith("#"));

    expect(series.length).toBeGreaterThan(50);
    expect(series.filter((line) => !line.includes('application="radiation-health"'))).toEqual([]);
  });

  it("keeps Prometheus' rules for names, units and help", async () => {
    const text = await metrics.render();

    for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gmu)) {
      expect(name).toMatch(/^rollwatch_[a-z0-9_]+$/u);
      expect({ name, counts: type === "counter" }).toEqual({
        name,
        counts: name.endsWith("_total"),
      });
      expect(name).not.toMatch(/_(milliseconds|ms|days|percent|type)(_|$)/u);
      expect(text).toMatch(new RegExp(`^# HELP ${name} \\S`, "mu"));
    }
    expect(text).not.toMatch(/[{,][a-z]+[A-Z]\w*=/u);
  });

  it("that counts begins at zero, so that the first event shows in a rate", async () => {
    expect(await valueOf('probe_failures_total{signal="api-health",reason="pm2-dead"}')).toBe(0);
    expect(await valueOf('guard_blocks_total{guard="cooldown"}')).toBe(0);
    expect(await valueOf('notice_failures_total{channel="log",reason="timeout"}')).toBe(0);
    expect(
      await valueOf(
        'rollbacks_total{scope="application",trigger="system-down",result="completed"}',
      ),
    ).toBe(0);
  });

  it("of the tier's budgets and the probes' timeouts has them as edges", async () => {
    expect(await valueOf('recovery_seconds_bucket{le="300"}')).toBe(0);
    expect(await valueOf('probe_duration_seconds_bucket{le="1.5",signal="api-health"}')).toBe(0);
  });
});

describe("a probe run", () => {
  it("that measured moves the last success, one that did not the failures", async () => {
    const sample = { signal: "api-health", at: 5000, tookMs: 250 };
    metrics.onSample({ ...sample, reading: { kind: "measured", value: 1, detail: "" } }, "http");
    metrics.onSample(
      { ...sample, at: 9000, reading: { kind: "absent", reason: "throttled", detail: "" } },
      "http",
    );

    expect(await valueOf('probe_runs_total{signal="api-health",kind="http"}')).toBe(2);
    expect(await valueOf('probe_failures_total{signal="api-health",reason="throttled"}')).toBe(1);
    expect(await valueOf('probe_last_success_timestamp_seconds{signal="api-health"}')).toBe(5.25);
    expect(await valueOf('probe_duration_seconds_sum{signal="api-health"}')).toBe(0.5);
  });
});

describe("what is up", () => {
  it("is the application while every signal is ok, and not while one is in breach", async () => {
    metrics.onSignals([aSignal()]);
    const before = await valueOf("application_up");
    metrics.onSignals([aSignal(), aSignal({ name: "services", state: "breach", value: 2 })]);

    expect(before).toBe(1);
    expect(await valueOf("application_up")).toBe(0);
    expect(await valueOf('signal_state{signal="services",state="breach"}')).toBe(1);
    expect(await valueOf('signal_state{signal="services",state="ok"}')).toBe(0);
    expect(await valueOf('signal_value{signal="services"}')).toBe(2);
  });

  it("is not said while it is not known", async () => {
    metrics.onSignals([aSignal()]);
    metrics.onSignals([aSignal({ state: "stale" })]);
    metrics.onControls([
      { name: "pm2", state: "red", detail: "dead" },
      { name: "database", state: "unknown", detail: "not configured" },
    ]);
    metrics.onServices(undefined);

    expect(await valueOf("application_up")).toBeUndefined();
    expect(await valueOf("pm2_up")).toBe(0);
    expect(await valueOf("database_up")).toBeUndefined();
    expect(await metrics.render()).not.toContain("rollwatch_service_up{");
  });
});

describe("a breach", () => {
  it("is active until the verdict is another", async () => {
    const series = 'breach_active{trigger="system-down",tier="immediate"}';
    metrics.onVerdict({
      kind: "breached",
      trigger: "system-down",
      tier: "immediate",
      breaches: [],
      since: 1,
      missing: [],
      attribution: { cause: "release", evidence: [] },
    });
    const during = await valueOf(series);
    metrics.onVerdict({ kind: "healthy", missing: [] });

    expect(during).toBe(1);
    expect(await valueOf(series)).toBe(0);
  });
});

describe("the journal's facts", () => {
  it("tell how long detection took and which incidents are open", async () => {
    const { id, trigger, tier, mode, since, signals } = INCIDENT;
    happens(1_006_000, {
      kind: "incident-opened",
      incident: id,
      trigger,
      tier,
      mode,
      since,
      signals: [...signals],
    });

    expect(await valueOf("detection_seconds_sum")).toBe(6);
    expect(await valueOf('incidents_open{tier="immediate"}')).toBe(1);
  });

  it("count decisions and the guards that blocked them", async () => {
    const guards = [
      { guard: "cooldown", answer: "block", atMost: "recommend", reason: "" } as const,
      { guard: "target", answer: "allow", reason: "" } as const,
    ];
    const decision = { kind: "recommend", at: 1, reason: "", guards, target: null } as const;
    happens(1, { kind: "decided", incident: "inc-1", decision: { ...decision, guards } });

    expect(await valueOf('decisions_total{decision="recommend",trigger="system-down"}')).toBe(1);
    expect(await valueOf('guard_blocks_total{guard="cooldown"}')).toBe(1);
    expect(await valueOf('guard_blocks_total{guard="target"}')).toBeUndefined();
  });

  it("count a rollback from its first attempt, its steps by kind, and the way to the proof", async () => {
    const outcome = { kind: "done", detail: "" } as const;
    happens(1_009_500, { kind: "step-finished", plan: "plan-1", step: "switch:server", outcome });
    happens(1_018_000, {
      kind: "verified",
      plan: "plan-1",
      verification: { result: "proven", at: 1_018_000, checks: [] },
    });
    happens(1_020_000, { kind: "recovery-ended", plan: "plan-1", result: "completed", reason: "" });

    expect(await valueOf('rollback_step_duration_seconds_sum{step="switch"}')).toBe(0.5);
    expect(await valueOf("recovery_seconds_sum")).toBe(18);
    expect(await valueOf('rollback_duration_seconds_sum{scope="application"}')).toBe(12);
    expect(
      await valueOf(
        'rollbacks_total{scope="application",trigger="system-down",result="completed"}',
      ),
    ).toBe(1);
  });

  it("leave the recovery time alone when nothing was proven", async () => {
    const verification = { result: "unknown", at: 1, checks: [] } as const;
    happens(1, { kind: "verified", plan: "plan-1", verification: { ...verification, checks: [] } });

    expect(await valueOf("recovery_seconds_count")).toBe(0);
  });

  it("count every delivery, and the failed ones by reason", async () => {
    happens(1, { kind: "notice-delivered", notice: "n", channel: "log" });
    happens(2, {
      kind: "notice-failed",
      notice: "n",
      channel: "log",
      reason: "timeout",
      detail: "",
      retryAt: null,
    });

    expect(await valueOf('notices_total{channel="log"}')).toBe(2);
    expect(await valueOf('notice_failures_total{channel="log",reason="timeout"}')).toBe(1);
  });
});

describe("a restart", () => {
  it("brings back what the journal still holds, and drops what it does not", async () => {
    const release = { id: "rel-1", identity: { commit: "abc" }, tag: null, capturedAt: 1 };
    metrics.onStart({ ...INVOLVED, releases: [release] });
    const before = await valueOf('release_info{release="rel-1",commit="abc"}');
    metrics.onStart(EMPTY);

    expect(before).toBe(1);
    expect(await metrics.render()).not.toContain("rel-1");
    expect(await valueOf('incidents_open{tier="immediate"}')).toBe(0);
  });
});

describe("readiness", () => {
  it("has an estimate only while one is known", async () => {
    metrics.onReadiness("application", true, 6500);
    const known = await valueOf('rollback_estimated_seconds{scope="application"}');
    metrics.onReadiness("application", false, null);

    expect(known).toBe(6.5);
    expect(await valueOf('rollback_estimated_seconds{scope="application"}')).toBeUndefined();
    expect(await valueOf('rollback_ready{scope="application"}')).toBe(0);
  });
});
