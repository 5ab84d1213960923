import { describe, expect, it } from "vitest";
import {
  AlertmanagerProbeSettings,
  createAlertmanagerProbe,
} from "../../../src/observe/probes/alertmanager.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import type { Inbox } from "../../../src/system/inbox.ts";
import { anAlertmanagerMessage } from "../../support/alertmanager-message.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { memoryInbox } from "../../support/fakes/inbox.ts";

const { signal } = new AbortController();
const WATCHDOG = anAlertmanagerMessage([{ name: "Watchdog" }], { groupKey: "watchdog" });
const SECRET = "hunter2-hunter2";

interface Watched {
  readonly clock: ManualClock;
  readonly inbox: Inbox;
  readonly probe: Probe;
}

function watched(match: Readonly<Record<string, string>> = { severity: "critical" }): Watched {
  const clock = createManualClock();
  const inbox = memoryInbox(clock);
  const settings = AlertmanagerProbeSettings.parse({ kind: "alertmanager", match });
  const ports = { inbox, clock, secrets: [SECRET] };
  return { clock, inbox, probe: createAlertmanagerProbe("alerts", settings, ports) };
}

function critical(...names: readonly string[]): ReturnType<typeof anAlertmanagerMessage> {
  const labels = { severity: "critical" };
  return anAlertmanagerMessage(names.map((name) => ({ name, labels, summary: `${name} is bad` })));
}

describe("alerts of Alertmanager", () => {
  it("have no answer while it was never heard", async () => {
    expect(await watched().probe.sample(signal)).toMatchObject({
      kind: "absent",
      reason: "nothing-told",
    });
  });

  it("are none when it speaks of others only", async () => {
    const { inbox, probe } = watched();
    inbox.hearAlerts(WATCHDOG);

    expect(await probe.sample(signal)).toEqual({
      kind: "measured",
      value: 0,
      detail: "no such alert fires",
    });
  });

  it("are counted when all labels match, and named", async () => {
    const { inbox, probe } = watched();
    inbox.hearAlerts(critical("Slow", "Down"));

    expect(await probe.sample(signal)).toEqual({
      kind: "measured",
      value: 2,
      detail: "firing: Slow (Slow is bad), Down (Down is bad)",
    });
  });

  it("do not match by one label of two", async () => {
    const { inbox, probe } = watched({ severity: "critical", team: "radiation" });
    inbox.hearAlerts(critical("Slow"));

    expect(await probe.sample(signal)).toMatchObject({ value: 0 });
  });

  it("do not match a name that every object has", async () => {
    const { inbox, probe } = watched({ constructor: "x" });
    inbox.hearAlerts(critical("Slow"));

    expect(await probe.sample(signal)).toMatchObject({ value: 0 });
  });

  it("count once that come by two groups", async () => {
    const { inbox, probe } = watched();
    inbox.hearAlerts(critical("Slow"));
    inbox.hearAlerts({ ...critical("Slow"), groupKey: "another" });

    expect(await probe.sample(signal)).toMatchObject({ value: 1 });
  });

  it("are none once they are resolved", async () => {
    const { inbox, probe } = watched();
    inbox.hearAlerts(critical("Slow"));
    inbox.hearAlerts(anAlertmanagerMessage([{ name: "Slow", status: "resolved" }]));

    expect(await probe.sample(signal)).toMatchObject({ value: 0 });
  });

  it("have no answer when Alertmanager is silent for too long", async () => {
    const { clock, inbox, probe } = watched();
    inbox.hearAlerts(WATCHDOG);
    await clock.advance(15 * 60_000 + 1);

    const reading = await probe.sample(signal);

    expect(reading).toMatchObject({ kind: "absent", reason: "outdated" });
    expect(reading.detail).toContain("Alertmanager was last heard 15 min");
  });

  it("are neither firing nor over when they are not repeated", async () => {
    const { clock, inbox, probe } = watched();
    inbox.hearAlerts(critical("Slow"));
    await clock.advance(15 * 60_000 + 1);
    inbox.hearAlerts(WATCHDOG);

    const reading = await probe.sample(signal);

    expect(reading).toMatchObject({ kind: "absent", reason: "outdated" });
    expect(reading.detail).toContain("neither repeated nor resolved");
  });

  it("are told in one line without secrets, the first three of them", async () => {
    const { inbox, probe } = watched();
    inbox.hearAlerts(critical(`Bad\n\u001B[31m${SECRET}`, "B", "C", "D"));

    const { detail } = await probe.sample(signal);

    expect(detail).not.toContain(SECRET);
    expect(detail).not.toMatch(/\p{Cc}/u);
    expect(detail).toContain("and 1 more");
  });

  it("need at least one label", () => {
    const settings = { kind: "alertmanager", match: {} };

    expect(AlertmanagerProbeSettings.safeParse(settings).success).toBe(false);
  });
});
