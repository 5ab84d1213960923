import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PATHS } from "../../src/api/contract.ts";
import { anAlertmanagerMessage } from "../support/alertmanager-message.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { type Answer, ask } from "../support/served.ts";
import type { Unlike } from "../support/story-config.ts";
import { HEALTH } from "../support/story-world.ts";

const HEALTH_SIGNAL = {
  name: "health",
  trigger: "system-down",
  probe: { kind: "http", url: HEALTH },
} as const;
const WATCHDOG = anAlertmanagerMessage([{ name: "Watchdog" }], { groupKey: "watchdog" });

async function post(story: Scenario, path: string, body: unknown = {}): Promise<Answer> {
  const headers = { "content-type": "application/json" };
  const socketPath = join(story.config.state, "rollwatch.sock");
  return ask({ socketPath, path, method: "POST", headers }, JSON.stringify(body));
}

async function beat(story: Scenario): Promise<void> {
  const answer = await post(story, PATHS.heartbeat.replace(":signal", "importer-beat"));
  expect(answer.status).toBe(204);
}

async function beatsFor(story: Scenario, minutes: number): Promise<void> {
  for (let turn = 0; turn < minutes * 2; turn += 1) {
    await beat(story);
    await story.passes("30s");
  }
}

async function proves(story: Scenario): Promise<void> {
  await story.install("good-1", "works");
  await story.startsRollwatch();
  await post(story, PATHS.alertmanager, WATCHDOG);
  await post(story, PATHS.generic, { signal: "scan", state: "good", reason: "nothing found" });
  await story.passesUntil((fact) => fact.kind === "release-proven");
}

/** A proven release, and the next one is deployed and works, as far as rollwatch sees. */
async function begins(story: Scenario): Promise<void> {
  await proves(story);
  await story.install("new-2", "works");
  await story.passes("10s");
}

describe("a service that says by itself that it is at work", () => {
  const unlike: Unlike = {
    signals: [
      HEALTH_SIGNAL,
      {
        name: "importer-beat",
        trigger: "monitoring-broken",
        probe: { kind: "heartbeat", period: "30s", grace: "10s" },
        service: "importer",
      },
    ],
  };
  const policy = { triggers: { "monitoring-broken": { mode: "recommend" } } } as const;

  it("is missed when it falls silent, which is told, and nothing is rolled back; its next word ends it", async () => {
    await withScenario(
      policy,
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await beatsFor(story, 2);
        expect(story.history().incidents).toEqual([]);

        await story.passes("1m");

        expect(story.incident()).toMatchObject({
          trigger: "monitoring-broken",
          signals: ["importer-beat"],
        });
        expect(story.begun()).toEqual([]);
        expect(story.told()).toEqual(["held"]);
        expect(story.notice("held").urgency).toBe("tell");

        await beat(story);
        await story.passes("20s");
        expect(story.incident().closed).toMatchObject({ outcome: "held" });
      },
      unlike,
    );
  });

  it("that stays missed is no reason to go on with the rollback of a graver breach that has cleared", async () => {
    await withScenario(
      {
        triggers: {
          "monitoring-broken": { mode: "recommend" },
          "system-down": { mode: "recommend" },
        },
      },
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await beatsFor(story, 1);
        // Its restart gives the importer a new period: only the next one is missed.
        await story.install("bad-2", "works");
        await story.passes("2m");
        await story.write("server/main.js", "answers 500");
        await story.passesUntil((fact) => fact.kind === "incident-grown");
        await story.passes("10s");
        await story.write("server/main.js", "works");
        await story.passes("2500ms");

        const { plan } = story.asked();
        await story.as("Ada").approves(story.asked());

        await story.passesUntil((fact) => fact.kind === "recovery-ended");
        expect(story.incident().signals).toEqual(["importer-beat", "health"]);
        // People are asked anew at once, since a heartbeat is still missed: the newest plan is another one.
        const approved = story.history().recoveries.find((one) => one.plan.id === plan.id);
        expect(approved?.ended).toMatchObject({
          result: "cancelled",
          reason: "the breach cleared before the first act",
        });
      },
      unlike,
    );
  });

  it("is not missed before its first word, nor because rollwatch was away for an hour", async () => {
    await withScenario(
      policy,
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await story.passes("5m");
        await beatsFor(story, 1);
        await story.stopsRollwatch();
        await story.passes("1h");

        await story.startsRollwatch();
        await story.passes("35s");
        await beatsFor(story, 1);

        expect(story.history().incidents).toEqual([]);
      },
      unlike,
    );
  });

  it("is not missed while a person has it stopped, and has its whole period after that", async () => {
    await withScenario(
      policy,
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await beatsFor(story, 1);

        story.stop("importer");
        await story.passes("4m");
        story.restart();
        await story.passes("35s");
        await beatsFor(story, 1);

        expect(story.history().incidents).toEqual([]);
      },
      unlike,
    );
  });
});

describe("what other programs tell", () => {
  const told = { staleAfter: "10m" } as const;

  it("keeps no release from its proof, and makes nobody blind, while they tell nothing", async () => {
    const probe = { kind: "webhook", staleAfter: "10m" } as const;
    await withScenario(
      {},
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();

        await story.passesUntil((fact) => fact.kind === "release-proven");
        await story.passes("5m");

        expect(story.history().incidents).toEqual([]);
      },
      {
        signals: [
          HEALTH_SIGNAL,
          { name: "scan", trigger: "security-vulnerability", probe },
          { name: "blindness", trigger: "monitoring-broken", probe: { kind: "blindness" } },
        ],
      },
    );
  });

  const unlike: Unlike = {
    signals: [
      HEALTH_SIGNAL,
      { name: "scan", trigger: "security-vulnerability", probe: { kind: "webhook", ...told } },
      {
        name: "pager",
        trigger: "system-down",
        probe: { kind: "alertmanager", match: { severity: "critical" }, ...told },
      },
    ],
  };
  const policy = {
    triggers: {
      "security-vulnerability": { mode: "auto" },
      "system-down": { mode: "auto" },
      "monitoring-broken": { mode: "auto" },
    },
  } as const;
  const critical = anAlertmanagerMessage([
    {
      name: "Unreachable",
      labels: { severity: "critical" },
      summary: "the hospital cannot log in",
    },
  ]);

  it("asks a person about a vulnerability in the new release, whatever may act by itself", async () => {
    await withScenario(
      policy,
      async (story) => {
        await begins(story);

        await post(story, PATHS.generic, { signal: "scan", state: "bad", reason: "CVE-2026-1" });
        await story.passes("30s");

        expect(story.incident()).toMatchObject({ trigger: "security-vulnerability" });
        expect(story.blocks()).toEqual({ evidence: expect.stringContaining("webhook alone") });
        expect(story.begun()).toEqual([]);
        expect(story.told()).toEqual(["recommended"]);
        expect(story.asked().approval.given).toEqual([]);
      },
      unlike,
    );
  });

  it("asks a person about alerts alone, and ends with them", async () => {
    await withScenario(
      policy,
      async (story) => {
        await begins(story);

        await post(story, PATHS.alertmanager, critical);
        await story.passes("30s");

        expect(story.incident()).toMatchObject({ trigger: "system-down", signals: ["pager"] });
        expect(story.blocks()).toEqual({ evidence: expect.stringContaining("webhook alone") });
        expect(story.begun()).toEqual([]);

        await post(story, PATHS.alertmanager, { ...critical, alerts: [] });
        await story.passes("30s");
        expect(story.incident().closed).toBeDefined();
      },
      unlike,
    );
  });

  it("is believed together with what a probe of rollwatch sees", async () => {
    await withScenario(
      policy,
      async (story) => {
        await proves(story);

        await story.install("bad-2", "answers 500");
        await post(story, PATHS.alertmanager, critical);
        await story.passesUntil((fact) => fact.kind === "recovery-ended");

        // The proof does not wait until Alertmanager says so, too.
        expect(story.recovery().ended).toMatchObject({ result: "completed" });
        expect(story.incident().signals).toContain("health");
      },
      unlike,
    );
  });

  it("gains no weight from a signal that could not move anything", async () => {
    const other = {
      name: "other",
      trigger: "user-interface",
      probe: { kind: "http", url: `${HEALTH}?ui`, expectBody: "a button" },
    } as const;
    await withScenario(
      policy,
      async (story) => {
        await story.install("good-1", "works");
        await story.startsRollwatch();
        await post(story, PATHS.alertmanager, WATCHDOG);

        await post(story, PATHS.alertmanager, critical);
        await story.passes("1m");

        expect(story.incident()).toMatchObject({ trigger: "system-down" });
        expect(story.blocks()["evidence"]).toContain("webhook alone");
      },
      { signals: [...(unlike.signals ?? []), other] },
    );
  });

  it("proves nothing when it is not repeated", async () => {
    await withScenario(
      policy,
      async (story) => {
        await begins(story);

        await story.passes("11m");

        expect(story.history().incidents).toEqual([]);
        const { signals } = await story.operations.status(new AbortController().signal);
        expect(signals.map(({ name, state }) => [name, state])).toEqual([
          ["health", "ok"],
          ["scan", "probe-error"],
          ["pager", "probe-error"],
        ]);
      },
      unlike,
    );
  });
});
