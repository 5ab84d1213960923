import { describe, expect, it } from "vitest";
import type { Fact } from "../../src/model/facts.ts";
import { type Asked, type Scenario, withScenario } from "../support/scenario.ts";
import { decides, linkOf, opens, ORIGIN, sends, withInbox } from "../support/link-page.ts";
import type { Policy } from "../support/story-config.ts";

const TWO: Policy = { triggers: { "data-corruption": { mode: "recommend" } } };

function is(kind: Fact["kind"]): (fact: Fact) => boolean {
  return (fact) => fact.kind === kind;
}

/** A story in which Dana, and nobody else, reads a channel of her own, and Eve another. */
async function withLinks(
  policy: Policy,
  body: (story: Scenario, inbox: readonly string[]) => Promise<void>,
): Promise<void> {
  await withInbox(async (url, inbox) => {
    const hook = { kind: "webhook", url, timeout: "60s" } as const;
    await withScenario(policy, async (story) => body(story, inbox), {
      publicUrl: ORIGIN,
      linksTo: { Dana: "danas", Eve: "eves" },
      notify: {
        channels: { log: { kind: "log" }, danas: hook, eves: hook },
        routes: { page: ["log", "danas", "eves"], tell: ["log"] },
      },
    });
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

function refusals(story: Scenario): readonly (string | null)[] {
  return story
    .facts()
    .flatMap((fact) => (fact.kind === "answer-refused" ? [fact.by, fact.reason] : []));
}

describe("a recommendation that takes two people", () => {
  it("is carried out when one decides by a link and another by a token", async () => {
    await withLinks(TWO, async (story, inbox) => {
      const asked = await asksTwo(story);

      const answer = await decides(story, await linkOf("Dana", inbox));
      const report = await story.as("Ada").approves(asked);
      await story.passesUntil(is("recovery-ended"));

      expect(answer.status).toBe(200);
      expect(report.state).toBe("running");
      expect(story.asked().approval.given).toMatchObject([
        { by: "Dana", role: "database-administrator" },
        { by: "Ada", role: "system-administrator" },
      ]);
      expect(story.recovery().ended?.result).toBe("completed");
      expect(refusals(story)).toEqual([]);
    });
  });

  it("is not touched by whoever only opens the link, however often", async () => {
    await withLinks(TWO, async (story, inbox) => {
      await asksTwo(story);
      const token = await linkOf("Dana", inbox);

      const first = await opens(story, token);
      await opens(story, token);

      expect(first).toMatchObject({ status: 200, type: "text/html; charset=utf-8" });
      expect(story.asked().approval.given).toEqual([]);
      expect(story.facts().filter(is("approved"))).toEqual([]);
    });
  });

  it("is not carried out on one person's word, given twice by two ways", async () => {
    await withLinks(TWO, async (story, inbox) => {
      const asked = await asksTwo(story);
      const token = await linkOf("Eve", inbox);
      await story.as("Eve").approves(asked);

      const again = await decides(story, token);
      await story.passes("20s");

      expect(again.status).toBe(409);
      expect(refusals(story)[0]).toBe("Eve");
      expect(story.asked().approval.given).toHaveLength(1);
      expect(story.begun()).toEqual([]);
    });
  });

  it("hears a page once: its answer sent again counts for nothing", async () => {
    await withLinks(TWO, async (story, inbox) => {
      await asksTwo(story);
      const token = await linkOf("Dana", inbox);
      const page = await opens(story, token);
      const nonce = /name="nonce" value="([^"]+)"/u.exec(page.body)?.[1] ?? "";

      const answers = [
        await sends(story, { t: token, nonce, answer: "approve" }),
        await sends(story, { t: token, nonce, answer: "reject" }),
      ];

      expect(answers.map((one) => one.status)).toEqual([200, 403]);
      expect(story.asked().approval.rejected).toBeUndefined();
      expect(refusals(story)).toHaveLength(2);
    });
  });

  it("hears no answer of another site's page, without a page, or with a link that was altered", async () => {
    await withLinks(TWO, async (story, inbox) => {
      await asksTwo(story);
      const token = await linkOf("Dana", inbox);
      const page = await opens(story, token);
      const nonce = /name="nonce" value="([^"]+)"/u.exec(page.body)?.[1] ?? "";
      const altered = `${token.slice(0, -4)}AAAA`;

      const answers = [
        await sends(story, { t: token, nonce, answer: "approve" }, "https://evil.example"),
        await sends(story, { t: token, nonce: "", answer: "approve" }),
        await sends(story, { t: token, nonce, answer: "destroy" }),
        await opens(story, altered),
      ];

      expect(answers.map((one) => one.status)).toEqual([403, 403, 403, 403]);
      expect(story.asked().approval.given).toEqual([]);
      expect(story.facts().filter(is("answer-refused"))).toHaveLength(4);
    });
  });

  it("is not approved by a link that comes too late", async () => {
    await withLinks({ ...TWO, approval: { expires: "1m" } }, async (story, inbox) => {
      await asksTwo(story);
      const token = await linkOf("Dana", inbox);
      await story.passesUntil(is("recovery-ended"));

      const late = await opens(story, token);

      expect(late.status).toBe(409);
      expect(refusals(story)).toEqual(["Dana", "it came too late"]);
      expect(story.begun()).toEqual([]);
    });
  });

  it("is not approved by the link of another plan that was asked about before", async () => {
    await withLinks(TWO, async (story, inbox) => {
      const asked = await asksTwo(story);
      const token = await linkOf("Dana", inbox);
      const page = await opens(story, token);
      await story.as("Ada").rejects(asked);
      await story.passes("5s");
      const nonce = /name="nonce" value="([^"]+)"/u.exec(page.body)?.[1] ?? "";

      const answer = await sends(story, { t: token, nonce, answer: "approve" });

      expect(answer.status).toBe(409);
      expect(story.begun()).toEqual([]);
      expect(refusals(story)[0]).toBe("Dana");
    });
  });
});

describe("a rollback that is counted down", () => {
  it("is stopped by the link of its notice, whose page says when it begins", async () => {
    const counted: Policy = { triggers: { "system-down": { mode: "auto", countdown: "2m" } } };
    await withLinks(counted, async (story, inbox) => {
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");
      await story.passesUntil(is("approval-asked"));
      const token = await linkOf("Eve", inbox);

      const page = await opens(story, token);
      const answer = await decides(story, token, "reject");
      await story.passes("3m");

      expect(page.body).toMatch(/It begins by itself 2 min after .* unless somebody rejects it/u);
      expect(answer.status).toBe(200);
      expect(story.asked().approval.rejected?.by).toBe("Eve");
      expect(story.pm2.calls).toEqual([]);
    });
  });
});
