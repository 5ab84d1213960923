import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  createHeartbeatProbe,
  HeartbeatProbeSettings,
} from "../../../src/observe/probes/heartbeat.ts";
import type { Inbox } from "../../../src/system/inbox.ts";
import { createManualClock, type ManualClock } from "../../support/fakes/clock.ts";
import { memoryInbox } from "../../support/fakes/inbox.ts";
import { type FakePm2, fakePm2 } from "../../support/fakes/pm2.ts";

const { signal } = new AbortController();
const SETTINGS = { kind: "heartbeat", period: "60s", grace: "15s" };

interface Watched {
  readonly clock: ManualClock;
  readonly inbox: Inbox;
  readonly pm2: FakePm2;
  /** A look every five seconds for as long; the newest reading. */
  readonly looksFor: (seconds: number) => Promise<Reading>;
}

function watched({
  service,
  texts,
}: { readonly service?: string; readonly texts?: Map<string, string> } = {}): Watched {
  const clock = createManualClock();
  const pm2 = fakePm2(() => clock.now());
  const inbox = memoryInbox(clock, texts);
  const ports = { inbox, clock, pm2, ...(service === undefined ? {} : { service }) };
  const probe = createHeartbeatProbe(
    "importer-beat",
    HeartbeatProbeSettings.parse(SETTINGS),
    ports,
  );
  return {
    clock,
    inbox,
    pm2,
    looksFor: async (seconds) => {
      let reading = await probe.sample(signal);
      for (let passed = 0; passed < seconds; passed += 5) {
        await clock.advance(5000);
        reading = await probe.sample(signal);
      }
      return reading;
    },
  };
}

describe("a heartbeat", () => {
  it("has no answer before the first check-in ever, however long that takes", async () => {
    const { looksFor } = watched();

    expect(await looksFor(600)).toMatchObject({ kind: "absent", reason: "nothing-told" });
  });

  it("is not late within its period and its grace", async () => {
    const { inbox, looksFor } = watched();
    await inbox.checkIn("importer-beat");

    expect(await looksFor(75)).toMatchObject({ kind: "measured", value: 0 });
  });

  it("is late by the silence beyond both", async () => {
    const { inbox, looksFor } = watched();
    await inbox.checkIn("importer-beat");

    expect(await looksFor(95)).toMatchObject({
      kind: "measured",
      value: 20,
      detail: "silent for 1 min 35 s; expected every 1 min and 15.0 s of grace",
    });
  });

  it("is in time again with the next check-in", async () => {
    const { inbox, looksFor } = watched();
    await inbox.checkIn("importer-beat");
    await looksFor(95);

    await inbox.checkIn("importer-beat");

    expect(await looksFor(5)).toMatchObject({ value: 0 });
  });

  it("does not count the time in which rollwatch stood still, and the silence before and after it", async () => {
    const { inbox, clock, looksFor } = watched();
    await inbox.checkIn("importer-beat");
    await looksFor(60);

    await clock.stall(3_600_000);

    expect(await looksFor(0)).toMatchObject({ value: 0 });
    expect(await looksFor(5)).toMatchObject({ value: 0 });
    expect(await looksFor(30)).toMatchObject({ value: 30 });
  });

  it("lets the service have its whole period after a restart of rollwatch", async () => {
    const texts = new Map<string, string>();
    await watched({ texts }).inbox.checkIn("importer-beat");

    const { looksFor } = watched({ texts });

    expect(await looksFor(75)).toMatchObject({ value: 0 });
    const reading = await looksFor(10);
    expect(reading).toMatchObject({ value: 10 });
    expect(reading.detail).toContain("no check-in in the 1 min 25 s since rollwatch listens");
  });

  it("lets a service have its whole period after its own start", async () => {
    const { inbox, pm2, clock, looksFor } = watched({ service: "importer" });
    await inbox.checkIn("importer-beat");
    await looksFor(600);
    pm2.add("importer", { options: {}, env: {} });
    pm2.change("importer", { status: "online", pid: 7, startedAt: clock.now() });

    expect(await looksFor(75)).toMatchObject({ value: 0 });
    expect(await looksFor(5)).toMatchObject({ value: 605 });
  });

  it("is late when pm2 has no process of its service", async () => {
    const { inbox, pm2, looksFor } = watched({ service: "importer" });
    pm2.add("importer", { options: {}, env: {} });
    pm2.change("importer", { status: "errored", pid: 0 });
    await inbox.checkIn("importer-beat");

    expect(await looksFor(80)).toMatchObject({ value: 5 });
  });

  it("has no answer when it would be late and pm2 does not say since when the service runs", async () => {
    const { inbox, pm2, looksFor } = watched({ service: "importer" });
    pm2.setDaemon({ kind: "dead", reason: "nobody listens" });
    await inbox.checkIn("importer-beat");

    expect(await looksFor(75)).toMatchObject({ kind: "measured", value: 0 });
    expect(await looksFor(5)).toMatchObject({ kind: "absent", reason: "pm2-hung" });
  });
});

describe("the settings of a heartbeat", () => {
  it("have their defaults", () => {
    expect(HeartbeatProbeSettings.parse({ kind: "heartbeat", period: "5m" })).toEqual({
      kind: "heartbeat",
      period: 300_000,
      grace: 30_000,
      interval: 5000,
      timeout: 1500,
    });
  });

  it.each([
    [{ kind: "heartbeat" }],
    [{ kind: "heartbeat", period: "0s" }],
    [{ kind: "heartbeat", period: "1m", token: "too-short" }],
  ])("refuse %j", (settings) => {
    expect(HeartbeatProbeSettings.safeParse(settings).success).toBe(false);
  });
});
