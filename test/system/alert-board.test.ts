import { describe, expect, it } from "vitest";
import { AlertmanagerMessage } from "../../src/model/incoming.ts";
import { type AlertBoard, openAlertBoard } from "../../src/system/alert-board.ts";
import { anAlertmanagerMessage } from "../support/alertmanager-message.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const HOUR_MS = 3_600_000;

function firingOn(board: AlertBoard): readonly string[] {
  return (board.now()?.firing ?? []).map(({ fingerprint }) => fingerprint);
}

describe("the board of alerts", () => {
  it("knows nothing while Alertmanager was never heard", () => {
    expect(openAlertBoard(createManualClock()).now()).toBeUndefined();
  });

  it("holds what fires, with its labels and its summary", async () => {
    const clock = createManualClock();
    const board = openAlertBoard(clock);
    await clock.advance(5000);

    board.hear(anAlertmanagerMessage([{ name: "Slow", summary: "p95 of 2 s" }]));

    const heard = board.now();
    expect(heard).toMatchObject({ heardAt: 5000, firing: [{ summary: "p95 of 2 s" }] });
    expect(heard?.firing[0]?.labels.get("alertname")).toBe("Slow");
  });

  it("forgets what is resolved", () => {
    const board = openAlertBoard(createManualClock());
    board.hear(anAlertmanagerMessage([{ name: "Slow" }, { name: "Down" }]));

    board.hear(anAlertmanagerMessage([{ name: "Slow" }, { name: "Down", status: "resolved" }]));

    expect(firingOn(board)).toEqual(["Slow"]);
  });

  it("forgets what a whole message of its group leaves out, and no other group's", () => {
    const board = openAlertBoard(createManualClock());
    board.hear(anAlertmanagerMessage([{ name: "Slow" }, { name: "Down" }]));
    board.hear(anAlertmanagerMessage([{ name: "Disk" }], { groupKey: "another" }));

    board.hear(anAlertmanagerMessage([{ name: "Slow" }]));

    expect(firingOn(board)).toEqual(["Disk", "Slow"]);
  });

  it("keeps what a message leaves out that says it is not whole", () => {
    const board = openAlertBoard(createManualClock());
    board.hear(anAlertmanagerMessage([{ name: "Slow" }, { name: "Down" }]));

    board.hear(anAlertmanagerMessage([{ name: "Slow" }], { truncatedAlerts: 1 }));

    expect(firingOn(board).toSorted()).toEqual(["Down", "Slow"]);
  });

  it("forgets what nobody speaks of for a day", async () => {
    const clock = createManualClock();
    const board = openAlertBoard(clock);
    board.hear(anAlertmanagerMessage([{ name: "Slow" }]));
    await clock.advance(25 * HOUR_MS);

    board.hear(anAlertmanagerMessage([], { groupKey: "another" }));

    expect(firingOn(board)).toEqual([]);
  });

  it("holds a thousand alerts and no more, the newest", () => {
    const board = openAlertBoard(createManualClock());
    for (let group = 0; group < 3; group += 1) {
      const alerts = Array.from({ length: 500 }, (_, place) => ({ name: `${group}-${place}` }));
      board.hear(anAlertmanagerMessage(alerts, { groupKey: String(group) }));
    }

    const firing = firingOn(board);
    expect(firing).toHaveLength(1000);
    expect([firing[0], firing.at(-1)]).toEqual(["1-0", "2-499"]);
  });

  it("cuts labels that are too many or too long", () => {
    const board = openAlertBoard(createManualClock());
    const labels = Object.fromEntries(
      Array.from({ length: 100 }, (_, place) => [`label${place}`, "x".repeat(5000)]),
    );

    board.hear(anAlertmanagerMessage([{ name: "Slow", labels }]));

    const kept = board.now()?.firing[0]?.labels ?? new Map<string, string>();
    expect(kept.size).toBe(64);
    expect(Math.max(...[...kept.values()].map((value) => value.length))).toBe(1024);
  });
});

describe("a message of Alertmanager", () => {
  it.each([
    ["another version", { version: "3" }],
    ["no alerts", { alerts: undefined }],
    ["alerts that are no list", { alerts: {} }],
    ["too many alerts", { alerts: Array.from({ length: 5001 }, () => ({})) }],
    ["a label that is no text", { alerts: [{ ...messageAlert(), labels: { a: 1 } }] }],
    ["another status", { alerts: [{ ...messageAlert(), status: "maybe" }] }],
    ["an endless key", { groupKey: "x".repeat(5000) }],
  ])("is refused with %s", (_what, wrong) => {
    const message = { ...anAlertmanagerMessage([{ name: "Slow" }]), ...wrong };

    expect(AlertmanagerMessage.safeParse(message).success).toBe(false);
  });

  it("may hold whatever is not used", () => {
    const message = { ...anAlertmanagerMessage([]), externalURL: 7, receiver: { deep: [] } };

    expect(AlertmanagerMessage.safeParse(message).success).toBe(true);
  });
});

function messageAlert(): AlertmanagerMessage["alerts"][number] | undefined {
  return anAlertmanagerMessage([{ name: "Slow" }]).alerts[0];
}
