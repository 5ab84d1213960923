import { createServer } from "node:http";
import { text } from "node:stream/consumers";
import { pino } from "pino";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { programsOf } from "../../lab/debian-programs.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import type { NoticeReason, Outgoing } from "../../src/model/notice.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { AlertmanagerChannelSettings } from "../../src/notify/channels/alertmanager.ts";
import { createChannel } from "../../src/notify/channels/index.ts";
import { openClock } from "../../src/system/clock.ts";
import { aNotice } from "../support/builders.ts";
import { startAlertmanager } from "./support/alertmanager.ts";

const LIMIT_MS = 120_000;
const SOON = { timeout: 60_000, interval: 200 };
const clock = openClock();

/** What Alertmanager tells a webhook of a group of alerts. */
const Told = z.object({
  status: z.enum(["firing", "resolved"]),
  alerts: z.array(
    z.object({
      status: z.string(),
      labels: z.record(z.string(), z.string()),
      annotations: z.record(z.string(), z.string()),
    }),
  ),
});
const Alerts = z.array(
  z.object({
    labels: z.record(z.string(), z.string()),
    status: z.object({ state: z.enum(["active", "suppressed", "unprocessed"]) }),
  }),
);

let lab: Lab;
let url: string;
let channel: Channel;
const told: z.infer<typeof Told>[] = [];

beforeAll(async () => {
  lab = await openLab();
  const programs = await programsOf(
    "prometheus-alertmanager",
    ["prometheus-alertmanager"],
    lab.folder,
  );
  const receiver = `http://${await serveReceiver()}/`;
  const webhook = { url: receiver, token: "receivers-0123456789" };
  url = `http://${await startAlertmanager(lab, programs["prometheus-alertmanager"], webhook)}`;
  const silence = { match: { job: "radiation" } };
  const settings = AlertmanagerChannelSettings.parse({ kind: "alertmanager", url, silence });
  channel = createChannel("alerts", settings, { clock, log: pino({ enabled: false }) });
}, LIMIT_MS);

afterAll(async () => {
  await lab.end();
});

/** Notes what it is told; returns its host:port. */
async function serveReceiver(): Promise<string> {
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      told.push(Told.parse(JSON.parse(body)));
      return response.writeHead(200).end();
    });
  });
  const port = await lab.port();
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  lab.onEnd("receiver", async () => {
    server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${port}`;
}

async function send(reason: NoticeReason, over: Partial<Outgoing> = {}): Promise<void> {
  const notice = { ...aNotice({ at: clock.now(), reason }), ...over };
  const delivery = await channel.send(notice, AbortSignal.timeout(LIMIT_MS));
  expect(delivery).toMatchObject({ kind: "delivered" });
}

/** The alerts that stand, each with whether it is silenced. */
async function standing(): Promise<Readonly<Record<string, string>>> {
  const answer = await fetch(`${url}/api/v2/alerts`, { signal: AbortSignal.timeout(10_000) });
  const alerts = Alerts.parse(await answer.json());
  return Object.fromEntries(
    alerts.map(({ labels, status }) => [labels["alertname"] ?? "", status.state]),
  );
}

/** An alert of the application itself, as Prometheus would post it. */
async function postOthers(): Promise<void> {
  const labels = { alertname: "HighLatency", job: "radiation" };
  const answer = await fetch(`${url}/api/v2/alerts`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify([{ labels, startsAt: new Date(clock.now()).toISOString() }]),
    signal: AbortSignal.timeout(10_000),
  });
  expect(answer.status).toBe(200);
}

function toldOf(alertname: string): readonly string[] {
  return told.flatMap(({ alerts }) =>
    alerts.filter(({ labels }) => labels["alertname"] === alertname).map(({ status }) => status),
  );
}

describe("a real Alertmanager as a channel", () => {
  it(
    "has one alert of an incident, silences others of the application while it rolls back, and ends both with it",
    async () => {
      await send("rollback-started");
      await postOthers();
      await expect.poll(standing, SOON).toEqual({
        RollwatchIncident: "active",
        HighLatency: "suppressed",
      });
      await expect.poll(() => toldOf("RollwatchIncident"), SOON).toContain("firing");
      const first = told.flatMap(({ alerts }) => alerts)[0];
      expect(first?.annotations).toMatchObject({
        summary: "rolling back",
        description: "it is down",
      });
      expect(first?.labels).toMatchObject({ severity: "critical", rollwatch_incident: "inc-1" });

      await send("rollback-verified", { thread: "inc-1" });
      await expect.poll(standing, SOON).toEqual({ HighLatency: "active" });
      await expect.poll(() => toldOf("RollwatchIncident").at(-1), SOON).toBe("resolved");
      await expect.poll(() => toldOf("HighLatency"), SOON).toContain("firing");
      expect(toldOf("HighLatency")).not.toContain("resolved");
    },
    LIMIT_MS,
  );

  it(
    "asks for a person by a second alert until somebody decides",
    async () => {
      const own = { incident: "inc-2" };
      await send("recommended", own);
      await expect.poll(standing, SOON).toMatchObject({
        RollwatchIncident: "active",
        RollwatchNeedsPerson: "active",
      });

      await send("approval-given", { ...own, urgency: "tell", thread: "inc-2" });
      await expect.poll(standing, SOON).not.toHaveProperty("RollwatchNeedsPerson");
      expect(await standing()).toHaveProperty("RollwatchIncident");
    },
    LIMIT_MS,
  );
});
