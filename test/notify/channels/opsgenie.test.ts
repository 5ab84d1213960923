import { pino } from "pino";
import { describe, expect, it } from "vitest";
import type { Delivery, Outgoing } from "../../../src/model/notice.ts";
import type { Channel } from "../../../src/notify/channel.ts";
import { createChannel } from "../../../src/notify/channels/index.ts";
import { OpsgenieChannelSettings } from "../../../src/notify/channels/opsgenie.ts";
import { openClock } from "../../../src/system/clock.ts";
import { channelContract } from "../../contracts/channel.ts";
import { httpChannelContract } from "../../contracts/http-channel.ts";
import { aNotice } from "../../support/builders.ts";
import { startHttpService } from "../../support/services/http-service.ts";
import {
  type OpsgenieAlert,
  type OpsgenieService,
  startOpsgenie,
} from "../../support/services/opsgenie.ts";

const API_KEY = "geheim01-2345-6789-abcd-ef0123456789";

function opsgenie(url: string, timeout = "10s"): Channel {
  const settings = OpsgenieChannelSettings.parse({
    kind: "opsgenie",
    apiKey: API_KEY,
    url,
    timeout,
  });
  return createChannel("test", settings, { clock: openClock(), log: pino({ enabled: false }) });
}

function send({ url }: OpsgenieService, over: Partial<Outgoing>): Promise<Delivery> {
  return opsgenie(url).send({ ...aNotice(), ...over }, new AbortController().signal);
}

/** Each request for an alert as one text. */
function read({ opening, count }: OpsgenieAlert): readonly string[] {
  const { message, description, details } = opening;
  const text = JSON.stringify({ title: message, text: description, ...details });
  return Array.from({ length: count }, () => text);
}

channelContract("opsgenie", async () => {
  const { url, alerts } = await startOpsgenie();
  return { channel: opsgenie(url), arrived: () => alerts.flatMap(read) };
});

httpChannelContract("opsgenie", (origin, timeout) => opsgenie(origin, timeout));

describe("the opsgenie channel", () => {
  it("makes one alert of an incident, notes what follows on it, and closes it with the recovery", async () => {
    const service = await startOpsgenie();

    const first = await send(service, { reason: "rollback-started" });
    const thread = first.kind === "delivered" ? (first.receipt ?? "") : "";
    await send(service, { reason: "needs-human", title: "stuck", text: "look now", thread });
    await send(service, { reason: "status-update", urgency: "tell", text: "no change", thread });
    const whileOpen = service.alerts.map(({ status }) => status);
    await send(service, { reason: "recovered", urgency: "tell", text: "all is ok", thread });

    expect(thread).toBe("inc-1");
    expect(whileOpen).toEqual(["open"]);
    expect(service.alerts).toMatchObject([
      {
        status: "closed",
        count: 2,
        opening: { alias: "inc-1", priority: "P1", source: "rollwatch" },
        notes: ["stuck\n\nlook now", "rolling back\n\nno change", "rolling back\n\nall is ok"],
      },
    ]);
  });

  it.each(["approval-given", "approval-rejected"] as const)(
    "acknowledges the alert at %s: somebody is at it",
    async (reason) => {
      const service = await startOpsgenie();
      await send(service, { reason: "recommended" });

      await send(service, { reason, urgency: "tell", text: "Ada did", thread: "inc-1" });

      expect(service.alerts).toMatchObject([
        { status: "acknowledged", notes: ["rolling back\n\nAda did"] },
      ]);
    },
  );

  it.each([
    ["release-proven", null],
    ["held", "inc-1"],
    ["recovered", "inc-1"],
  ] as const)("tells %s without an open alert at the lowest priority", async (reason, incident) => {
    const service = await startOpsgenie();

    const delivery = await send(service, { reason, urgency: "tell", incident });

    expect(delivery).toEqual({ kind: "delivered" });
    expect(service.alerts).toMatchObject([
      { status: "closed", opening: { alias: aNotice().dedupKey, priority: "P5" } },
    ]);
  });

  it("pages for what belongs to no incident under an alias of its own", async () => {
    const service = await startOpsgenie();

    const delivery = await send(service, { incident: null, dedupKey: "storm/1?" });

    expect(delivery).toEqual({ kind: "delivered" });
    expect(service.alerts).toMatchObject([
      { status: "open", opening: { alias: "storm/1?", priority: "P1" } },
    ]);
  });

  it("finds an alert again whatever stands in its alias", async () => {
    const service = await startOpsgenie();
    const incident = "inc/1?x=ü ".repeat(60);

    const first = await send(service, { incident });
    const thread = first.kind === "delivered" ? (first.receipt ?? "") : "";
    await send(service, { incident, reason: "recovered", thread });

    expect(service.alerts).toMatchObject([{ status: "closed" }]);
  });

  it("fits a notice of any length into what Opsgenie takes", async () => {
    const service = await startOpsgenie();
    const over = { title: "😀".repeat(200), text: "😀".repeat(20_000) };

    const first = await send(service, over);
    const second = await send(service, { ...over, thread: "inc-1" });

    expect([first.kind, second.kind]).toEqual(["delivered", "delivered"]);
    expect(service.alerts[0]?.opening.message).toMatch(/^(?:😀)+…$/u);
    expect(service.alerts[0]?.opening.description).toMatch(/^(?:😀)+…$/u);
    expect(service.alerts[0]?.notes[0]).toMatch(/😀…$/u);
  });

  it("does not try again what Opsgenie calls unprocessable", async () => {
    const service = await startOpsgenie();
    service.failNext(422);

    const delivery = await send(service, {});

    expect(delivery).toMatchObject({ kind: "refused", reason: "rejected" });
  });

  it("finds Jira Service Management below a path, with or without a slash at its end", async () => {
    const body = JSON.stringify({ result: "Request will be processed", requestId: "1" });
    const service = await startHttpService(() => ({ status: 202, body }));
    const url = `${service.url}/jsm/ops/integration/`;

    await opsgenie(url).send(aNotice(), new AbortController().signal);

    expect(service.requests).toMatchObject([{ path: "/jsm/ops/integration/v2/alerts" }]);
  });
});
