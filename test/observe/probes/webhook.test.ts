import { describe, expect, it } from "vitest";
import { createWebhookProbe, WebhookProbeSettings } from "../../../src/observe/probes/webhook.ts";
import type { Probe } from "../../../src/observe/probe.ts";
import type { Inbox } from "../../../src/system/inbox.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { memoryInbox } from "../../support/fakes/inbox.ts";

const { signal } = new AbortController();

interface Watched {
  readonly clock: ManualClock;
  readonly inbox: Inbox;
  readonly probe: Probe;
}

function watched(settings = {}, texts = new Map<string, string>()): Watched {
  const clock = createManualClock();
  const inbox = memoryInbox(clock, texts);
  const parsed = WebhookProbeSettings.parse({ kind: "webhook", ...settings });
  const probe = createWebhookProbe("scan", parsed, { inbox, clock, secrets: ["s3cr3t-value"] });
  return { clock, inbox, probe };
}

describe("what a program tells", () => {
  it("has no answer before its first word", async () => {
    expect(await watched().probe.sample(signal)).toMatchObject({
      kind: "absent",
      reason: "nothing-told",
      detail: "nobody has ever told of scan at POST /api/v1/webhooks/generic",
    });
  });

  it.each([
    ["bad", 1],
    ["good", 0],
  ] as const)("is %s: %d, with who said so and why", async (state, value) => {
    const { clock, inbox, probe } = watched();
    await inbox.hearReport("scan", { state, reason: "CVE-2026-1", by: "Scanner" });
    await clock.advance(5000);

    expect(await probe.sample(signal)).toEqual({
      kind: "measured",
      value,
      detail: `Scanner, 5.0 s ago: ${state}, CVE-2026-1`,
    });
  });

  it("is about its own signal", async () => {
    const { inbox, probe } = watched();
    await inbox.hearReport("other", { state: "bad", reason: "x", by: "Scanner" });

    expect(await probe.sample(signal)).toMatchObject({ kind: "absent" });
  });

  it("stands until the next word", async () => {
    const { clock, inbox, probe } = watched();
    await inbox.hearReport("scan", { state: "bad", reason: "x", by: "Scanner" });
    await clock.advance(30 * 24 * 3_600_000);

    expect(await probe.sample(signal)).toMatchObject({ value: 1 });
  });

  it("is not believed past staleAfter", async () => {
    const { clock, inbox, probe } = watched({ staleAfter: "1h" });
    await inbox.hearReport("scan", { state: "bad", reason: "x", by: "Scanner" });
    await clock.advance(3_600_001);

    expect(await probe.sample(signal)).toMatchObject({ kind: "absent", reason: "outdated" });
  });

  it("survives a restart of rollwatch", async () => {
    const texts = new Map<string, string>();
    const report = { state: "bad", reason: "x", by: "Scanner" } as const;
    await watched({}, texts).inbox.hearReport("scan", report);

    expect(await watched({}, texts).probe.sample(signal)).toMatchObject({ value: 1 });
  });

  it("is told without secrets and on one line", async () => {
    const { inbox, probe } = watched();
    await inbox.hearReport("scan", { state: "bad", reason: "a\nb s3cr3t-value", by: "Scanner" });

    expect((await probe.sample(signal)).detail).toContain("bad, a b [redacted]");
  });
});
