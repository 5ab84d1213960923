import { describe, expect, it } from "vitest";
import * as notices from "../../src/notify/notices-people.ts";
import { anIncident, aService, NOON } from "../support/builders.ts";

const BRAKE = { by: "Ada", reason: "new disk", at: NOON, until: NOON + 3_600_000 };
const OVER = { by: "Eve", at: NOON + 60_000 };

describe("the notice of a recording that stopped", () => {
  it("says why, that nothing else changes, and what to do", () => {
    const { title, text, dedupKey } = notices.recordingStopped("app", "ENOSPC", NOON);

    expect(title).toBe("app: samples are not recorded any more");
    expect(text).toContain("Why: ENOSPC\nNothing else changes");
    expect(text).toContain("restart rollwatch");
    expect(dedupKey).toBe(`none:recording-stopped:${NOON}`);
  });
});

describe("notices of a report", () => {
  const reported = { by: "Ada", reason: "CVE-1 in a dependency" };
  const incident = anIncident({ trigger: "security-vulnerability", signals: [], reported });
  const news = { application: "app", incident, now: NOON };

  it("say who reported what, and that it starts nothing", () => {
    const { title, text } = notices.reportedByPerson(news);

    expect(title).toBe("app has a security vulnerability, reports Ada");
    expect(text).toContain("What: security-vulnerability, since 2026-11-22 12:00:00 UTC");
    expect(text).toContain("Reported by Ada: CVE-1 in a dependency");
    expect(text).toContain("a report alone never starts anything");
  });

  it.each([
    ["immediate", undefined],
    ["fast", undefined],
    ["planned", "tell"],
  ] as const)("of the tier %s have the urgency %s of their own", (tier, urgency) => {
    const draft = notices.reportedByPerson({ ...news, incident: { ...incident, tier } });

    expect(draft.urgency).toBe(urgency);
  });
});

describe("notices of brakes", () => {
  it.each([
    ["a pause with an end", notices.pausedByPerson("app", BRAKE), "until 2026-11-22 13:00:00 UTC"],
    [
      "a pause without one",
      notices.pausedByPerson("app", { ...BRAKE, until: null }),
      "by itself until `rollwatch resume`.",
    ],
    ["a resumption", notices.resumedByPerson("app", BRAKE, OVER), "Resumed at 2026-11-22 12:01:00"],
    ["a maintenance", notices.maintenanceStarted("app", BRAKE), "Until 2026-11-22 13:00:00 UTC"],
    ["its end", notices.maintenanceEnded("app", BRAKE, OVER), "Ended at 2026-11-22 12:01:00 UTC"],
  ])("say of %s who, why and until when", (_what, draft, expected) => {
    expect(draft.title).toMatch(/^app: (Ada|Eve) /u);
    expect(draft.text).toContain("new disk");
    expect(draft.text).toContain(expected);
  });

  it("have a key for each brake and what became of it", () => {
    const later = { ...BRAKE, at: NOON + 1 };
    const made = [BRAKE, later].flatMap((brake) => [
      notices.pausedByPerson("app", brake),
      notices.resumedByPerson("app", brake, OVER),
      notices.maintenanceStarted("app", brake),
      notices.maintenanceEnded("app", brake, OVER),
    ]);

    expect(new Set(made.map((draft) => draft.dedupKey)).size).toBe(8);
    expect(made.every((draft) => draft.incident === null)).toBe(true);
  });
});

describe("notices of a person's stop", () => {
  it("are told once per stop", () => {
    const first = notices.stoppedByPerson("app", [aService("api")]);
    const again = notices.stoppedByPerson("app", [aService("api", { uniqueId: "another start" })]);

    expect(first.title).toBe("app: a person stopped api");
    expect(first.dedupKey).not.toBe(again.dedupKey);
  });
});
