import { describe, expect, it } from "vitest";
import type { PublicView } from "../../../src/model/public-page.ts";
import { pageNotices } from "../../../src/notify/status-page/publish.ts";
import { viewAfter } from "../../contracts/publisher.ts";
import { NOON } from "../../support/builders.ts";

const HOUR = 3_600_000;

function keys(view: PublicView, now = NOON): readonly string[] {
  return pageNotices(view, now).map(({ dedupKey }) => dedupKey);
}

describe("what a page elsewhere has yet to hear", () => {
  it("is one notice for each update, with its public text and nothing else", () => {
    const all = [1, 2, 3, 4, 5].flatMap((updates) => keys(viewAfter(updates)));

    expect(new Set(all).size).toBe(5);
    expect(pageNotices(viewAfter(2), NOON)).toEqual([
      {
        dedupKey: expect.stringContaining("inc-20261122T120000-k3f9q2:status-page:2"),
        reason: "status-page",
        incident: "inc-20261122T120000-k3f9q2",
        title: "Service unavailable: identified",
        text: "SYSTEM UNDERGOING ROLLBACK.",
      },
    ]);
  });

  it("is the same key for the same change, and another for another state of a part", () => {
    expect(keys(viewAfter(1))).toEqual(keys(viewAfter(1), NOON + 1000));
    expect(keys(viewAfter(1))).not.toEqual(keys(viewAfter(1, "partial_outage")));
  });

  it("is nothing of what last changed an hour ago", () => {
    expect(keys(viewAfter(1), NOON + HOUR - 1)).toHaveLength(1);
    expect(keys(viewAfter(1), NOON + HOUR)).toEqual([]);
  });
});
