import { beforeEach, describe, expect, it } from "vitest";
import { APPROVAL_RESULTS } from "../../src/metrics/facts.ts";
import { createMetrics } from "../../src/metrics/registry.ts";
import type { Metrics, MetricsSetup } from "../../src/metrics/registry.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import type { Approval, History, Incident, Recovery } from "../../src/model/history.ts";
import type { Signal } from "../../src/model/signal.ts";
import { TIER_BUDGET_MS } from "../../src/model/tier.ts";
import { TRIGGER_ROWS, TRIGGERS } from "../../src/model/trigger.ts";

const EMPTY: History = {
  changes: [],
  releases: [],
  floors: [],
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

const SETUP: MetricsSetup = {
  application: "radiation-health",
  version: "0.1.0",
  nodeVersion: "v20.20.2",
  probes: [{ signal: "api-health", kind: "http", limitsMs: [1500, 400] }],
  tierOf: (trigger) => TRIGGER_ROWS[trigger].tier,
  guards: ["cooldown"],
  steps: ["switch"],
  channels: ["log"],
};

beforeEach(() => {
  metrics = createMetrics(SETUP);
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

  it("of the tier's budgets and the probes' limits has them as edges", async () => {
    expect(await valueOf('recovery_seconds_bucket{le="300"}')).toBe(0);
    expect(await valueOf('probe_duration_seconds_bucket{le="1.5",signal="api-health"}')).toBe(0);
    expect(await valueOf('probe_duration_seconds_bucket{le="0.4",signal="api-health"}')).toBe(0);
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

describe("a skipped probe run", () => {
  it("is none: nothing was asked, so nothing failed", async () => {
    const reading = { kind: "absent", reason: "throttled", detail: "" } as const;
    metrics.onSample({ signal: "api-health", at: 1, tookMs: 0, reading, skipped: true }, "http");

    expect(await valueOf('probe_runs_total{signal="api-health",kind="http"}')).toBe(0);
    expect(await valueOf('probe_failures_total{signal="api-health",reason="throttled"}')).toBe(0);
    expect(await valueOf('probe_duration_seconds_count{signal="api-health"}')).toBe(0);
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

  it("is there for every trigger from the start, in the tier that it is configured to have", async () => {
    metrics = createMetrics({ ...SETUP, tierOf: () => "planned" });

    for (const trigger of TRIGGERS) {
      expect(await valueOf(`breach_active{trigger="${trigger}",tier="planned"}`)).toBe(0);
    }
  });

  it("is active for each breached trigger, and has one series each", async () => {
    const breach = { value: 1, limit: 0, unit: "", since: 1, provenAt: 1, reason: "" };
    metrics.onVerdict({
      kind: "breached",
      trigger: "memory",
      tier: "immediate",
      breaches: [
        { ...breach, signal: "a", trigger: "memory" },
        { ...breach, signal: "b", trigger: "websocket" },
      ],
      since: 1,
      missing: [],
      attribution: { cause: "release", evidence: [] },
    });

    const series = (await metrics.render()).match(/^rollwatch_breach_active\{/gmu) ?? [];

    expect(await valueOf('breach_active{trigger="memory",tier="immediate"}')).toBe(1);
    expect(await valueOf('breach_active{trigger="websocket",tier="fast"}')).toBe(1);
    expect(await valueOf('breach_active{trigger="error-rate",tier="fast"}')).toBe(0);
    expect(series).toHaveLength(TRIGGERS.length);
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

/** How many plans that waited came to what. */
async function answers(): Promise<readonly (number | undefined)[]> {
  return Promise.all(
    APPROVAL_RESULTS.map(async (result) => valueOf(`approvals_total{result="${result}"}`)),
  );
}

describe("people's word on a plan", () => {
  const asked: Approval = {
    hash: "ab",
    roles: ["database-administrator", "system-administrator"],
    everyRole: true,
    askedAt: 1_007_000,
    expiresAt: 2_000_000,
    given: [],
  };
  const ada = { by: "Ada", role: "database-administrator", at: 1_010_000 } as const;
  const bob = { by: "Bob", role: "system-administrator", at: 1_020_000 } as const;
  const ended = {
    kind: "recovery-ended",
    plan: "plan-1",
    result: "cancelled",
    reason: "",
  } as const;

  function waiting(more: Partial<Approval> = {}): History {
    const recovery = { ...RECOVERY, attempts: [], steps: [], approval: { ...asked, ...more } };
    return { ...INVOLVED, recoveries: [recovery] };
  }

  it("is waited for until it is whole, and counts once", async () => {
    happens(1, { kind: "noted", incident: "inc-1", by: "Ada", text: "" }, waiting());
    const before = await valueOf("approvals_waiting");
    happens(2, { kind: "approved", plan: "plan-1", ...ada }, waiting({ given: [ada] }));
    const half = await answers();
    happens(3, { kind: "approved", plan: "plan-1", ...bob }, waiting({ given: [ada, bob] }));
    happens(4, ended, waiting({ given: [ada, bob] }));

    expect(before).toBe(1);
    expect(half).toEqual([0, 0, 0, 0, 0]);
    expect(await valueOf("approvals_waiting")).toBe(0);
    expect(await answers()).toEqual([1, 0, 0, 0, 0]);
  });

  it("is told apart from nobody's no", async () => {
    const counted = { countdownMs: 60_000, unopposedAt: 1_067_000 };
    happens(2, { kind: "countdown-over", plan: "plan-1" }, waiting(counted));
    happens(3, ended, waiting(counted));

    expect(await answers()).toEqual([0, 1, 0, 0, 0]);
  });

  it("is told apart when it is no, late, or not needed any more", async () => {
    const no = { by: "Ada", reason: "no", at: 1_010_000 };
    happens(2, { kind: "rejected", plan: "plan-1", ...no }, waiting({ rejected: no }));
    happens(3, ended, waiting({ rejected: no }));
    happens(2_000_000, ended, waiting());
    happens(1_500_000, ended, waiting());

    expect(await answers()).toEqual([0, 0, 1, 1, 1]);
  });

  it("makes no rollback of a plan that was never begun", async () => {
    happens(2_000_000, ended, waiting());

    expect(
      await valueOf(
        'rollbacks_total{scope="application",trigger="system-down",result="cancelled"}',
      ),
    ).toBe(0);
    expect(await valueOf('rollback_duration_seconds_count{scope="application"}')).toBe(0);
  });
});

describe("what people say about an incident", () => {
  it("counts by label", async () => {
    happens(1, { kind: "labelled", incident: "inc-1", by: "Ada", label: "wrong" });

    expect(await valueOf('decision_labels_total{label="wrong"}')).toBe(1);
    expect(await valueOf('decision_labels_total{label="right"}')).toBe(0);
  });

  it("is no detection when it opens one", async () => {
    const { id, trigger, tier, mode, since, signals } = INCIDENT;
    const opened = { kind: "incident-opened", incident: id, trigger, tier, mode, since } as const;
    const reported = { by: "Ada", reason: "it looks wrong" };
    happens(1_006_000, { ...opened, signals: [...signals], reported });

    expect(await valueOf("detection_seconds_count")).toBe(0);
  });
});

async function brakes(): Promise<readonly unknown[]> {
  return Promise.all(["paused", "observing_only", "maintenance"].map(valueOf));
}

describe("a moment", () => {
  it("is paused, observing or in maintenance only until the time that was said", async () => {
    const brake = { by: "Ada", reason: "", at: 1 };
    const history = {
      ...EMPTY,
      pause: { ...brake, until: null },
      observing: { ...brake, until: 100 },
      maintenance: { ...brake, until: 100 },
    };
    metrics.onMoment(history, 99);
    const during = await brakes();
    metrics.onMoment(history, 100);

    expect(during).toEqual([1, 1, 1]);
    expect(await brakes()).toEqual([1, 0, 0]);
  });

  it("tells how much of its tier's time an open incident has used", async () => {
    metrics.onMoment(INVOLVED, INCIDENT.since + TIER_BUDGET_MS.immediate / 4);
    const open = await valueOf('budget_used_ratio{tier="immediate"}');
    const closed = { at: 2, outcome: "rolled-back", reason: "" } as const;
    metrics.onMoment({ ...EMPTY, incidents: [{ ...INCIDENT, closed }] }, INCIDENT.since + 1);

    expect(open).toBe(0.25);
    expect(await valueOf('budget_used_ratio{tier="fast"}')).toBe(0);
    expect(await valueOf('budget_used_ratio{tier="immediate"}')).toBe(0);
  });
});

describe("a snapshot of the database", () => {
  it("has an age only while there is one", async () => {
    metrics.onSnapshot(90_000);
    const known = await valueOf("snapshot_age_seconds");
    metrics.onSnapshot(undefined);

    expect(known).toBe(90);
    expect(await valueOf("snapshot_age_seconds")).toBeUndefined();
  });
});

describe("readiness", () => {
  it("is told of each scope, with as long as the last one took from its first step", async () => {
    const ended = { at: 1_014_500, result: "completed", reason: "" } as const;
    metrics.onReadiness("application", true);
    const before = await valueOf('rollback_estimated_seconds{scope="application"}');
    metrics.onStart({ ...INVOLVED, recoveries: [{ ...RECOVERY, ended }] });

    expect(before).toBeUndefined();
    expect(await valueOf('rollback_ready{scope="application"}')).toBe(1);
    expect(await valueOf('rollback_ready{scope="service"}')).toBe(0);
    expect(await valueOf('rollback_estimated_seconds{scope="application"}')).toBe(6.5);
    expect(await valueOf('rollback_estimated_seconds{scope="service"}')).toBeUndefined();
  });
});
