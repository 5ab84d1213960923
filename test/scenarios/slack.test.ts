import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import {
  SLACK_BOT_TOKEN,
  SLACK_CONVERSATION,
  type SlackApi,
  startSlackApi,
} from "../support/services/slack-api.ts";
import { buttonOf, press, pressed, SIGNING_SECRET } from "../support/slack-press.ts";
import type { Policy } from "../support/story-config.ts";

const MEMBERS = { Dana: "U0DANA", Ada: "U0ADA", Max: "U0MAX" } as const;
const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** A story whose people read one conversation of Slack, with buttons. */
async function withSlack(
  policy: Policy,
  body: (story: Scenario, slack: SlackApi) => Promise<void>,
): Promise<void> {
  const slack = await startSlackApi();
  const bot = {
    kind: "slack-bot",
    token: SLACK_BOT_TOKEN,
    channel: SLACK_CONVERSATION,
    signingSecret: SIGNING_SECRET,
    url: slack.url,
    timeout: "60s",
  } as const;
  await withScenario(policy, async (story) => body(story, slack), {
    slackUsers: MEMBERS,
    notify: {
      channels: { log: { kind: "log" }, team: bot },
      routes: { page: ["log", "team"], tell: ["log", "team"] },
    },
  });
}

/** What only two people together may answer. */
async function asksTwo(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passes("10s");
  await story.as("Pat").reports("data-corruption");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

function refusals(story: Scenario): readonly string[] {
  return story
    .facts()
    .flatMap((fact) => (fact.kind === "answer-refused" ? [`${fact.way}: ${fact.reason}`] : []));
}

describe("a recommendation that takes two people, asked in Slack", () => {
  it("is carried out when one presses the button and another uses a token", async () => {
    await withSlack(TWO, async (story, slack) => {
      const asked = await asksTwo(story);

      const answer = await press(story, pressed(MEMBERS.Dana, await buttonOf(slack)));
      await story.as("Ada").approves(asked);
      await story.passesUntil(is("recovery-ended"));

      expect(answer.status).toBe(200);
      expect(story.asked().approval.given).toMatchObject([{ by: "Dana" }, { by: "Ada" }]);
      expect(story.recovery().ended?.result).toBe("completed");
      expect(refusals(story)).toEqual([]);
    });
  });

  it("is carried out when two members press the same button", async () => {
    await withSlack(TWO, async (story, slack) => {
      await asksTwo(story);

      await press(story, pressed(MEMBERS.Dana, await buttonOf(slack)));
      await press(story, pressed(MEMBERS.Ada, await buttonOf(slack)));
      await story.passesUntil(is("recovery-ended"));

      expect(story.asked().approval.given).toMatchObject([{ by: "Dana" }, { by: "Ada" }]);
    });
  });

  it("keeps one live message, whose buttons are gone when nothing waits any more", async () => {
    await withSlack(TWO, async (story, slack) => {
      await asksTwo(story);
      await buttonOf(slack);

      await press(
        story,
        pressed(MEMBERS.Dana, await buttonOf(slack, "rollwatch-reject"), "rollwatch-reject"),
      );
      await expect.poll(() => story.facts().some(is("recovery-ended"))).toBe(true);
      await expect
        .poll(() => slack.messages().filter(({ thread }) => thread !== undefined))
        .not.toEqual([]);
      await expect
        .poll(() => slack.messages().flatMap(({ buttons }) => Object.keys(buttons)))
        .toEqual([]);

      const roots = slack
        .messages()
        .filter(({ context, thread }) => context.includes("inc-") && thread === undefined);
      expect(roots).toHaveLength(1);
      expect(story.begun()).toEqual([]);
    });
  });

  it("is not carried out on one member's word, given twice", async () => {
    await withSlack(TWO, async (story, slack) => {
      await asksTwo(story);
      const value = await buttonOf(slack);
      await press(story, pressed(MEMBERS.Dana, value));
      await story.passes("2s");

      await press(story, pressed(MEMBERS.Dana, value));
      await story.passes("20s");

      expect(story.asked().approval.given).toHaveLength(1);
      expect(story.begun()).toEqual([]);
      expect(slack.whispers).toMatchObject([{ user: MEMBERS.Dana }]);
      expect(refusals(story)).toHaveLength(1);
    });
  });

  it("hears no request twice, whoever sends it again", async () => {
    await withSlack(TWO, async (story, slack) => {
      await asksTwo(story);
      const body = pressed(MEMBERS.Dana, await buttonOf(slack));

      const answers = [await press(story, body), await press(story, body)];

      expect(answers.map(({ status }) => status)).toEqual([200, 403]);
      expect(refusals(story)).toEqual(["slack: the request came before"]);
    });
  });

  it.each([
    ["of nobody that is known", "U0EVIL", {}, 403],
    ["of somebody who may not decide", MEMBERS.Max, {}, 403],
    ["signed with another secret", MEMBERS.Dana, { secret: "f".repeat(32) }, 401],
    ["of five minutes ago", MEMBERS.Dana, { ageMs: 302_000 }, 401],
    ["of the future", MEMBERS.Dana, { ageMs: -302_000 }, 401],
  ] as const)("hears no press %s", async (_what, member, signing, status) => {
    await withSlack(TWO, async (story, slack) => {
      await asksTwo(story);

      const answer = await press(story, pressed(member, await buttonOf(slack)), signing);
      await story.passes("5s");

      expect(answer.status).toBe(status);
      expect(story.asked().approval.given).toEqual([]);
      expect(refusals(story)).toHaveLength(1);
    });
  });

  it("is not approved as another plan than the one that was shown", async () => {
    await withSlack(TWO, async (story, slack) => {
      const asked = await asksTwo(story);
      await buttonOf(slack);

      await press(story, pressed(MEMBERS.Dana, `${asked.plan.id} ${"0".repeat(64)}`));
      await story.passes("5s");

      expect(story.asked().approval.given).toEqual([]);
      expect(slack.whispers).toMatchObject([{ text: expect.stringContaining("Not decided") }]);
    });
  });

  it.each(["", "payload=", "payload=%7B", `payload=${"x".repeat(300_000)}`])(
    "answers what is no button of its own with 4xx: %#",
    async (body) => {
      await withSlack(TWO, async (story) => {
        await asksTwo(story);

        const { status } = await press(story, body);

        expect([400, 413]).toContain(status);
      });
    },
  );
});
