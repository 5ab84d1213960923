import { setTimeout as sleep } from "node:timers/promises";
import { integer, sample, tuple } from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import type { Notice } from "../../src/model/notice.ts";
import { type Clock, openClock } from "../../src/system/clock.ts";
import type { PageService } from "../contracts/publisher.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import { type PagerdutyService, startPagerduty } from "../support/services/pagerduty.ts";
import {
  SLACK_BOT_TOKEN,
  SLACK_CONVERSATION,
  type SlackApi,
  startSlackApi,
} from "../support/services/slack-api.ts";
import { SMTP_PASSWORD, type SmtpService, startSmtp } from "../support/services/smtp.ts";
import { startStatuspage } from "../support/services/status-pages.ts";
import { startTwilio, TWILIO, type TwilioService } from "../support/services/twilio.ts";
import type { Policy, Unlike } from "../support/story-config.ts";

const SAMS = "+4915100000010";
const XIS = "+4915100000011";
const LIMIT_MS = 180_000;
/** While something is on its way a second of the story takes so long: services answer in time of their own; in milliseconds. */
const IO_MS = 20;

/** Nobody acknowledges for long, and the plan waits for it. */
const POLICY: Policy = {
  triggers: { "system-down": { mode: "recommend" } },
  approval: { expires: "2h", askAgain: "0s" },
};

/** What the team hears of an incident that Ada decides about after 50 minutes. */
const HEARD = [
  "recommended",
  "escalated",
  "escalated",
  "status-update",
  "approval-given",
  "rollback-started",
  "rollback-verified",
];

/** After how many facts it is killed each time: three times, since a fourth is a restart storm. `CRASH_SEED` chooses others. */
const FEW = integer({ min: 1, max: 25 });
const KILLS = sample(tuple(FEW, FEW, FEW), {
  seed: Number(process.env["CRASH_SEED"] ?? 7),
  numRuns: Number(process.env["CRASH_LIVES"] ?? 4),
});

interface Services {
  readonly slack: SlackApi;
  readonly smtp: SmtpService;
  readonly pagerduty: PagerdutyService;
  readonly twilio: TwilioService;
  readonly statuspage: PageService;
}

interface Told extends Services {
  readonly story: Scenario;
}

/** A story whose team reads Slack, mail and PagerDuty, whose managers have telephones, and whose users a page. */
async function withServices(body: (told: Told) => Promise<void>): Promise<void> {
  let story: Scenario | undefined;
  const clock: Clock = { ...openClock(), monotonic: () => story?.clock.monotonic() ?? 0 };
  const services: Services = {
    slack: await startSlackApi(),
    smtp: await startSmtp(),
    pagerduty: await startPagerduty(),
    twilio: await startTwilio(),
    statuspage: await startStatuspage(clock),
  };
  await withScenario(
    POLICY,
    async (own) => {
      story = own;
      await body({ ...services, story: own });
    },
    { ...reachedBy(services), ...publishedBy(services) },
  );
}

function reachedBy({ slack, smtp, pagerduty, twilio }: Services): Unlike {
  const timeout = "60s";
  const phone = { kind: "twilio", ...TWILIO, how: "call", url: twilio.url, timeout } as const;
  const bot = { token: SLACK_BOT_TOKEN, channel: SLACK_CONVERSATION, url: slack.url } as const;
  const login = `rollwatch:${encodeURIComponent(SMTP_PASSWORD)}`;
  const { routingKey, url } = pagerduty;
  return {
    notify: {
      channels: {
        team: { kind: "slack-bot", ...bot, timeout },
        mail: {
          kind: "email",
          url: `smtp://${login}@127.0.0.1:${smtp.port}`,
          tls: "off",
          from: "rollwatch@example.com",
          to: ["team@example.com"],
          timeout,
        },
        duty: { kind: "pagerduty", routingKey, url, timeout },
        sams: { ...phone, to: SAMS },
        xis: { ...phone, to: XIS },
      },
      routes: { page: ["team", "mail", "duty"], tell: ["team", "mail", "duty"] },
      proof: "0s",
    },
    people: {
      contacts: [
        { name: "Sam", roles: ["senior-management"], channels: ["sams"] },
        { name: "Xi", roles: ["executives"], channels: ["xis"] },
      ],
    },
  };
}

function publishedBy({ statuspage }: Services): Unlike {
  return {
    statusPage: {
      components: [
        { name: "Web", services: ["api"] },
        { name: "Import", services: ["importer"] },
      ],
      publish: { public: { ...statuspage.settings, timeout: "60s" } },
    },
  };
}

/** Lives of rollwatch: it dies before facts of its journal, and is started again. */
interface Lives {
  readonly story: Scenario;
  /** Passes time, a second at a time, until it is so; whoever died is started again. */
  readonly until: (isSo: () => boolean | Promise<boolean>) => Promise<void>;
  /** How often it has died. */
  readonly deaths: () => number;
}

/** Has rollwatch die before the first fact, and then each time after so many more. */
function livesOf(story: Scenario, after: readonly number[]): Lives {
  const left = [...after];
  let isDead = false;
  let deaths = 0;

  function arm(): void {
    const count = left.shift();
    let seen = 0;
    isDead = false;
    if (count !== undefined) {
      story.diesBefore(() => {
        seen += 1;
        isDead = seen >= count;
        return isDead;
      });
    }
  }

  arm();
  return {
    story,
    deaths: () => deaths,
    until: async (isSo) => {
      for (let seconds = 0; seconds < 7200; seconds += 1) {
        while (isDead) {
          deaths += 1;
          await story.stopsRollwatch();
          arm();
          await story.startsRollwatch().catch(onlyDead);
        }
        if (await isSo()) {
          return;
        }
        await story.passes("1s");
        await (story.history().outbox.length === 0 ? undefined : sleep(IO_MS));
      }
      throw new Error("it was not so within two hours");
    },
  };
}

/** The story: a bad release, nobody answers for 50 minutes, then Ada approves. Returns what was queued of it. */
async function plays({ story, until }: Lives): Promise<readonly Notice[]> {
  await story.install("bad-2", "answers 500");
  await until(() => story.facts().some(is("approval-asked")));
  const asked = story.clock.now();
  await until(() => story.clock.now() - asked >= 50 * 60_000);
  await until(async () => {
    await story.as("Ada").approves(story.asked()).catch(onlyDead);
    return story.facts().some(is("approved"));
  });
  await until(() => story.facts().some(is("closed")));
  await until(() => story.history().outbox.length === 0);
  const { id } = story.incident();
  return story
    .facts()
    .flatMap((fact) => (fact.kind === "notice-queued" ? [fact.notice] : []))
    .filter(({ incident }) => incident === id);
}

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** Whoever asks a rollwatch that dies meanwhile asks again. */
function onlyDead(error: unknown): void {
  if (!/daemon|closed|socket|unavailable|hang up|refused|killed/iu.test(String(error))) {
    throw error;
  }
}

/** The ids of notices that a mailbox has. */
function inMail({ smtp }: Services): readonly string[] {
  return smtp.mails.map(({ headers }) => String(headers.get("x-rollwatch-notice")));
}

function inPagerduty({ pagerduty }: Services): readonly string[] {
  const events = [...pagerduty.alerts.values()].flatMap(({ log }) => log);
  return [...events, ...pagerduty.changes].map(({ custom_details: details }) =>
    String(details["notice"]),
  );
}

/** The live message shows the newest, and below it is everything. */
function inSlack({ slack }: Services): readonly string[] {
  return slack.messages().map(({ context }) => context.split(" · ").at(-1) ?? "");
}

function calledTo({ twilio }: Services, number: string): readonly string[] {
  return twilio.calls.filter(({ To }) => To === number).map(({ Twiml }) => Twiml);
}

function idsFor(notices: readonly Notice[], channel: string): readonly string[] {
  return notices.filter(({ channels }) => channels.includes(channel)).map(({ id }) => id);
}

function titlesFor(notices: readonly Notice[], channel: string): readonly string[] {
  return notices
    .filter(({ channels }) => channels.includes(channel))
    .map(({ title }) => `rollwatch. ${title}.`);
}

describe("a whole incident that nobody answers for long", () => {
  it(
    "calls one level after the other, tells how it stands, and ends everywhere",
    { timeout: LIMIT_MS },
    async () => {
      await withServices(async (told) => {
        const { story, slack, smtp, pagerduty, statuspage } = told;
        await story.beginsProven("good-1");
        const notices = await plays(livesOf(story, []));

        const people = notices.filter(({ reason }) => reason !== "status-page");
        expect(people.map(({ reason }) => reason)).toEqual(HEARD);
        const [first, ...later] = people;
        const begun = first?.at ?? 0;
        expect(later.map(({ at }) => Math.round((at - begun) / 60_000))).toEqual([
          15, 30, 45, 50, 50, 50,
        ]);

        const thread = slack.messages().filter((one) => one.thread !== undefined);
        expect(new Set(thread.map((one) => one.thread)).size).toBe(1);
        expect(inSlack(told).slice(2)).toEqual(people.map(({ id }) => id));
        const live = slack.messages().find(({ ts }) => ts === thread[0]?.thread);
        expect(live?.header).toContain("is healthy again");

        expect(inMail(told).slice(1)).toEqual(people.map(({ id }) => id));
        const [, root, ...replies] = smtp.mails;
        expect(new Set(replies.map(({ inReplyTo }) => inReplyTo))).toEqual(
          new Set([root?.messageId]),
        );

        const alert = pagerduty.alerts.get(story.incident().id);
        expect(pagerduty.alerts.size).toBe(1);
        expect(alert?.status).toBe("resolved");
        expect(alert?.log.map(({ custom_details: details }) => details["reason"])).toEqual([
          "recommended",
          "escalated",
          "escalated",
          "rollback-started",
        ]);

        expect(calledTo(told, SAMS)).toHaveLength(4);
        expect(calledTo(told, XIS)).toHaveLength(3);
        expect(calledTo(told, XIS)[0]).toContain("nobody has acknowledged it for 30 min");
        expect(statuspage.incidents()).toMatchObject([
          {
            phase: "resolved",
            texts: [/looking/u, /UNDERGOING ROLLBACK/u, /watching/u, /as usual/u].map((one) =>
              expect.stringMatching(one),
            ),
          },
        ]);
      });
    },
  );

  it.each(KILLS)(
    "loses nothing when rollwatch is killed after %i, %i and %i facts, and what comes twice has the same key",
    async (...after) => {
      await withServices(async (told) => {
        const { story, statuspage } = told;
        await story.beginsProven("good-1");
        const lives = livesOf(story, after);
        const notices = await plays(lives);

        expect(lives.deaths()).toBe(after.length);
        const reasons = notices.map(({ reason }) => reason);
        expect(reasons).toEqual(expect.arrayContaining(HEARD));
        expect(notices.filter(({ reason }) => reason === "escalated")).toMatchObject([
          { level: 2 },
          { level: 3 },
        ]);
        expect(new Set(notices.map(({ dedupKey }) => dedupKey)).size).toBe(notices.length);

        for (const [channel, arrived] of [
          ["mail", inMail(told)],
          ["duty", inPagerduty(told)],
        ] as const) {
          expect([channel, [...new Set(arrived)]]).toEqual([
            channel,
            expect.arrayContaining([...idsFor(notices, channel)]),
          ]);
        }
        expect(inSlack(told)).toEqual(expect.arrayContaining([...idsFor(notices, "team")]));
        for (const [channel, number] of [
          ["sams", SAMS],
          ["xis", XIS],
        ] as const) {
          const calls = calledTo(told, number);
          const wanted = titlesFor(notices, channel);
          expect(wanted.filter((title) => !calls.some((call) => call.includes(title)))).toEqual([]);
          expect(calls.filter((call) => !wanted.some((title) => call.includes(title)))).toEqual([]);
        }
        const keys = told.smtp.mails.map(({ messageId, subject }) => `${messageId} ${subject}`);
        expect(new Set(keys).size).toBe(new Set(inMail(told)).size);
        expect([...told.pagerduty.alerts.values()].map(({ status }) => status)).toEqual([
          "resolved",
        ]);
        const [page, ...more] = statuspage.incidents();
        expect([page?.phase, more]).toEqual(["resolved", []]);
        expect(new Set(page?.texts).size).toBe(page?.texts.length);
      });
    },
    LIMIT_MS,
  );
});
