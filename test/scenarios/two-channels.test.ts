import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { decides, linkOf, ORIGIN, withInbox } from "../support/link-page.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import {
  SLACK_BOT_TOKEN,
  SLACK_CONVERSATION,
  type SlackApi,
  startSlackApi,
} from "../support/services/slack-api.ts";
import { buttonOf, press, pressed, SIGNING_SECRET } from "../support/slack-press.ts";
import type { Policy } from "../support/story-config.ts";

const MEMBERS = { Ada: "U0ADA", Dana: "U0DANA" } as const;
const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };

interface Ways {
  readonly story: Scenario;
  readonly slack: SlackApi;
  readonly inbox: readonly string[];
}

/** A story whose team reads Slack with buttons, while Dana has links in a mailbox of her own, too. */
async function withBoth(policy: Policy, body: (ways: Ways) => Promise<void>): Promise<void> {
  const slack = await startSlackApi();
  await withInbox(async (url, inbox) => {
    await withScenario(policy, async (story) => body({ story, slack, inbox }), {
      publicUrl: ORIGIN,
      linksTo: { Dana: "danas" },
      slackUsers: MEMBERS,
      notify: {
        channels: {
          team: {
            kind: "slack-bot",
            token: SLACK_BOT_TOKEN,
            channel: SLACK_CONVERSATION,
            signingSecret: SIGNING_SECRET,
            url: slack.url,
            timeout: "60s",
          },
          danas: { kind: "webhook", url, timeout: "60s" },
        },
        routes: { page: ["team", "danas"], tell: ["team"] },
        proof: "0s",
      },
    });
  });
}

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

async function asksTwo(story: Scenario): Promise<Asked> {
  await story.beginsProven("good-1");
  await story.install("good-2", "works");
  await story.passes("10s");
  await story.as("Pat").reports("data-corruption");
  await story.passesUntil(is("approval-asked"));
  return story.asked();
}

describe("what takes two people, asked by two channels,", () => {
  it("is carried out when one decides by a link and the other by a button", async () => {
    await withBoth(TWO, async ({ story, slack, inbox }) => {
      await asksTwo(story);
      const [token, button] = [await linkOf("Dana", inbox), await buttonOf(slack)];

      await decides(story, token);
      await press(story, pressed(MEMBERS.Ada, button));
      await story.passesUntil(is("recovery-ended"));

      expect(story.asked().approval.given).toMatchObject([
        { by: "Dana", role: "database-administrator" },
        { by: "Ada", role: "system-administrator" },
      ]);
      expect(story.recovery().ended?.result).toBe("completed");
    });
  });

  it("is not carried out on the word of one person by both", async () => {
    await withBoth(TWO, async ({ story, slack, inbox }) => {
      await asksTwo(story);
      const [token, button] = [await linkOf("Dana", inbox), await buttonOf(slack)];

      await decides(story, token);
      await press(story, pressed(MEMBERS.Dana, button));
      await story.passes("30s");

      expect(story.asked().approval.given).toMatchObject([{ by: "Dana" }]);
      expect(story.begun()).toEqual([]);
    });
  });

  it("is not carried out when the second answer comes too late", async () => {
    await withBoth({ ...TWO, approval: { expires: "1m" } }, async ({ story, slack, inbox }) => {
      const asked = await asksTwo(story);
      const [token, button] = [await linkOf("Dana", inbox), await buttonOf(slack)];

      await decides(story, token);
      await story.passesUntil(is("recovery-ended"));
      await press(story, pressed(MEMBERS.Ada, button));
      await story.passes("30s");

      const given = story.facts().flatMap((fact) => (fact.kind === "approved" ? [fact.plan] : []));
      expect(given).toEqual([asked.plan.id]);
      expect(story.begun()).toEqual([]);
    });
  });

  it("is not carried out as another plan than the one that the second was shown", async () => {
    await withBoth(TWO, async ({ story, slack, inbox }) => {
      const asked = await asksTwo(story);
      const button = await buttonOf(slack);
      expect(button).toBe(`${asked.plan.id} ${asked.approval.hash}`);

      await decides(story, await linkOf("Dana", inbox));
      await press(story, pressed(MEMBERS.Ada, `${asked.plan.id} ${"0".repeat(64)}`));
      await story.passes("30s");

      expect(story.asked().approval.given).toMatchObject([{ by: "Dana" }]);
      expect(story.begun()).toEqual([]);
    });
  });
});
