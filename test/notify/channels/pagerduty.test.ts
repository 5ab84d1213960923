import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Delivery, Notice } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { PagerdutyChannelSettings } from "../../../src/notify/channels/pagerduty.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import {
  type PagerdutyAlert,
  type PagerdutyService,
  startPagerduty,
} from "../../support/services/pagerduty.ts";

const ROUTING_KEY = "geheim0123456789geheim0123456789";

function pagerduty(url: string, timeout = "10s"): Channel {
  const given = { kind: "pagerduty", routingKey: ROUTING_KEY, url, timeout };
  const settings = PagerdutyChannelSettings.parse(given);
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

function send({ url }: PagerdutyService, over: Partial<Notice>): Promise<Delivery> {
  return pagerduty(url).send(aNotice(over), new AbortController().signal);
}

function read({ summary, custom_details: details }: PagerdutyAlert["log"][number]): string {
  return JSON.stringify({ title: summary, ...details });
}

channelContract("pagerduty", async () => {
  const { url, alerts } = await startPagerduty();
  return {
    channel: pagerduty(url),
    arrived: () => [...alerts.values()].flatMap(({ log }) => log.map(read)),
  };
});

httpChannelContract("pagerduty", (origin, timeout) => pagerduty(origin, timeout));

describe("the pagerduty channel", () => {
  it("makes one alert of an incident and ends it with the recovery", async () => {
    const service = await startPagerduty();

    await send(service, { id: "ntc-1", reason: "rollback-started" });
    await send(service, { id: "ntc-2", reason: "needs-human" });
    const whileOpen = service.alerts.get("inc-1");
    await send(service, { id: "ntc-3", reason: "recovered", urgency: "tell", text: "all is ok" });

    expect(whileOpen).toMatchObject({ status: "triggered", log: [{}, {}] });
    expect(service.alerts.get("inc-1")?.status).toBe("resolved");
    expect(service.changes).toMatchObject([{ custom_details: { text: "all is ok" } }]);
  });

  it.each(["approval-given", "approval-rejected"] as const)(
    "acknowledges the alert at %s: somebody is at it",
    async (reason) => {
      const service = await startPagerduty();

      await send(service, { reason: "recommended" });
      await send(service, { reason, urgency: "tell" });

      expect(service.alerts.get("inc-1")?.status).toBe("acknowledged");
    },
  );

  it.each([
    ["release-proven", null],
    ["held", "inc-1"],
    ["rollback-cancelled", "inc-1"],
  ] as const)("wakes nobody with %s", async (reason, incident) => {
    const service = await startPagerduty();

    await send(service, { reason, urgency: "tell", incident });

    expect(service.alerts.size).toBe(0);
    expect(service.changes).toMatchObject([{ summary: "rolling back" }]);
  });

  it("pages for what belongs to no incident under a key of its own", async () => {
    const service = await startPagerduty();

    await send(service, { reason: "restart-storm", incident: null, dedupKey: "storm-1" });

    expect(service.alerts.get("storm-1")?.status).toBe("triggered");
  });

  it("shortens a key that is too long in the same way each time", async () => {
    const service = await startPagerduty();
    const over = { incident: null, dedupKey: "k".repeat(256) };

    await send(service, over);
    await send(service, over);

    expect([...service.alerts.values()]).toMatchObject([{ log: [{}, {}] }]);
  });

  it("fits a notice of any length into what PagerDuty takes", async () => {
    const service = await startPagerduty();

    const delivery = await send(service, { title: "😀".repeat(2000), text: '"'.repeat(600_000) });

    expect(delivery).toEqual({ kind: "delivered" });
    expect(service.alerts.get("inc-1")?.log[0]?.summary).toMatch(/^(?:😀)+…$/u);
  });

  it("tries again when the alert ended and the change event was not taken", async () => {
    const service = await startPagerduty();
    await send(service, {});
    service.failNextChange(503);

    const first = await send(service, { reason: "recovered" });
    const second = await send(service, { reason: "recovered" });

    expect(first).toMatchObject({ kind: "retry-later", reason: "server-error" });
    expect(second).toEqual({ kind: "delivered" });
    expect(service.changes).toHaveLength(1);
  });
});
