import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Delivery, NoticeReason, Outgoing } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { AlertmanagerChannelSettings } from "../../../src/notify/channels/alertmanager.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import {
  type AlertmanagerService,
  type PostedAlert,
  startAlertmanagerService,
} from "../../support/services/alertmanager.ts";

const TOKEN = "geheim-alertmanager-token";
const HOUR_MS = 3_600_000;
const NOW = openClock().now();

function alertmanager(url: string, over: Readonly<Record<string, unknown>> = {}): Channel {
  const settings = AlertmanagerChannelSettings.parse({
    kind: "alertmanager",
    url,
    token: TOKEN,
    ...over,
  });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

/** To a channel that silences the alerts of one job. */
function send({ url }: AlertmanagerService, over: Partial<Outgoing>): Promise<Delivery> {
  const silencing = { silence: { match: { job: "radiation" } } };
  const notice = { ...aNotice({ at: NOW }), ...over };
  return alertmanager(url, silencing).send(notice, new AbortController().signal);
}

function read({ annotations }: PostedAlert): string {
  return JSON.stringify({
    ...annotations,
    title: annotations["summary"],
    text: annotations["description"],
  });
}

channelContract("alertmanager", async () => {
  const { url, posted } = await startAlertmanagerService();
  return { channel: alertmanager(url), arrived: () => posted.map(read) };
});

httpChannelContract("alertmanager", (origin, timeout) => alertmanager(origin, { timeout }));

describe("the alertmanager channel", () => {
  it("has one alert of an incident until it ends, which every notice renews", async () => {
    const service = await startAlertmanagerService();

    const first = await send(service, { reason: "rollback-started" });
    const thread = first.kind === "delivered" ? (first.receipt ?? "") : "";
    const update = { at: NOW + HOUR_MS, reason: "status-update", urgency: "tell", thread } as const;
    await send(service, update);
    const later = service.standing(NOW + 1.5 * HOUR_MS);
    const abandoned = service.standing(NOW + 2 * HOUR_MS);
    await send(service, { at: NOW + HOUR_MS + 1, reason: "recovered", urgency: "tell", thread });

    expect(thread).toBe("inc-1");
    expect(later).toEqual(["RollwatchIncident inc-1"]);
    expect(abandoned).toEqual([]);
    expect(service.standing(NOW + HOUR_MS + 1)).toEqual([]);
  });

  it.each(["approval-given", "rollback-started"] as const)(
    "asks for a person by a second alert, until %s",
    async (reason) => {
      const service = await startAlertmanagerService();

      await send(service, { reason: "recommended" });
      const asking = service.standing(NOW);
      await send(service, { reason, thread: "inc-1" });
      const decided = service.standing(NOW);
      await send(service, { reason: "needs-human", thread: "inc-1" });

      expect(asking).toEqual(["RollwatchIncident inc-1", "RollwatchNeedsPerson inc-1"]);
      expect(decided).toEqual(["RollwatchIncident inc-1"]);
      expect(service.standing(NOW)).toEqual(asking);
    },
  );

  it.each([
    ["release-proven", null],
    ["approval-given", "inc-1"],
    ["recovered", "inc-1"],
  ] as const)("informs of %s without an alert for five minutes", async (reason, incident) => {
    const service = await startAlertmanagerService();

    const delivery = await send(service, { reason, urgency: "tell", incident });

    expect(delivery).toEqual({ kind: "delivered" });
    expect(service.posted).toMatchObject([
      { labels: { alertname: "RollwatchNotice", severity: "info" } },
    ]);
    expect(service.standing(NOW + 299_000)).toHaveLength(1);
    expect(service.standing(NOW + 300_000)).toEqual([]);
  });

  it("pages for what belongs to no incident by an alert of its own, with the labels of its configuration", async () => {
    const service = await startAlertmanagerService();
    const channel = alertmanager(`${service.url}/`, { labels: { team: "ops", severity: "mild" } });
    const notice = aNotice({ incident: null, dedupKey: "storm-1", reason: "restart-storm" });

    const delivery = await channel.send(notice, new AbortController().signal);

    const [alert] = service.posted;
    expect(delivery).toEqual({ kind: "delivered" });
    expect(alert?.labels).toEqual({
      team: "ops",
      alertname: "RollwatchIncident",
      severity: "critical",
      rollwatch_incident: "storm-1",
    });
  });

  it("silences others while it rolls back, and never itself", async () => {
    const service = await startAlertmanagerService();

    await send(service, { reason: "rollback-started" });

    expect(service.silences).toMatchObject([{ state: "active", createdBy: "rollwatch" }]);
    expect(service.silences[0]?.matchers).toEqual([
      { name: "job", value: "radiation", isRegex: false, isEqual: true },
      { name: "alertname", value: "Rollwatch.*", isRegex: true, isEqual: false },
      { name: "rollwatch_incident", value: "inc-1", isRegex: false, isEqual: false },
    ]);
    expect(service.silences[0]?.endsAt).toBe(new Date(NOW + HOUR_MS / 2).toISOString());
  });

  it.each([
    "rollback-verified",
    "rollback-unverified",
    "needs-human",
    "restart-unhelpful",
    "stopped-by-person",
  ] satisfies readonly NoticeReason[])("ends the silence of the incident at %s", async (reason) => {
    const service = await startAlertmanagerService();
    await send(service, { reason: "restart-started" });
    await send(service, { reason: "rollback-started", incident: 'inc-"2"' });

    await send(service, { reason, thread: "inc-1" });

    expect(service.silences.map(({ state }) => state)).toEqual(["expired", "active"]);
  });

  it("silences once when it is told twice, and again when it rolls back again", async () => {
    const service = await startAlertmanagerService();

    await send(service, { reason: "rollback-started" });
    await send(service, { reason: "rollback-started" });
    const once = service.silences.length;
    await send(service, { reason: "rollback-unverified" });
    await send(service, { reason: "rollback-started" });

    expect(once).toBe(1);
    expect(service.silences.map(({ state }) => state)).toEqual(["expired", "active"]);
  });

  it("silences nothing with news of a rollback that is long over", async () => {
    const service = await startAlertmanagerService();

    const delivery = await send(service, { at: NOW - HOUR_MS / 2 });

    expect(delivery.kind).toBe("delivered");
    expect(service.silences).toEqual([]);
  });

  it.each([
    ["POST", "alerts", "rollback-started"],
    ["GET", "silences", "rollback-started"],
    ["POST", "silences", "rollback-started"],
    ["GET", "silences", "rollback-verified"],
    ["DELETE", "silence/", "rollback-verified"],
  ] as const)(
    "tries again when %s %s fails at %s, until all is as it must be",
    async (method, path, reason) => {
      const service = await startAlertmanagerService();
      if (reason === "rollback-verified") {
        await send(service, { reason: "rollback-started" });
      }
      service.failNext(method, path);

      const first = await send(service, { reason, thread: "inc-1" });
      const second = await send(service, { reason, thread: "inc-1" });

      const state = reason === "rollback-verified" ? "expired" : "active";
      expect(first).toMatchObject({ kind: "retry-later", reason: "server-error" });
      expect(second.kind).toBe("delivered");
      expect(service.silences).toMatchObject([{ state }]);
    },
  );

  it("asks for nothing but alerts when it is to silence nothing", async () => {
    const service = await startAlertmanagerService();
    const channel = alertmanager(service.url);

    await channel.send(aNotice(), new AbortController().signal);

    expect(service.requests.map(({ path }) => path)).toEqual(["/api/v2/alerts"]);
  });

  it("shortens what is too long to be read, and never a key differently", async () => {
    const service = await startAlertmanagerService();
    const long = { title: "😀".repeat(2000), text: "😀".repeat(20_000), incident: "i".repeat(300) };

    await send(service, long);
    await send(service, { ...long, reason: "recovered", thread: "any" });

    expect(service.standing(NOW)).toEqual([]);
    expect(service.posted[0]?.annotations["summary"]).toMatch(/^(?:😀)+…$/u);
    expect(service.silences).toMatchObject([{ state: "expired" }]);
  });
});
