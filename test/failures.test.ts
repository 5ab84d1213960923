import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { FAILURE_CODES } from "../src/model/failure.ts";
import { NOTICE_REASONS } from "../src/model/notice.ts";
import { PeopleSettings } from "../src/model/people.ts";
import { address } from "../src/notify/route.ts";

const NOBODY = PeopleSettings.parse({});

function doc(name: string): string {
  return readFileSync(resolve(import.meta.dirname, "../docs", name), "utf8");
}

describe("what people can run into", () => {
  it.each(FAILURE_CODES)("the failure %s is explained in docs/failure-modes.md", (code) => {
    expect(doc("failure-modes.md")).toContain(`\`${code}\``);
  });

  const quiet = new Set(
    NOTICE_REASONS.filter((reason) => {
      const draft = { dedupKey: "", reason, incident: null, title: "", text: "" };
      return address(draft, { page: [], tell: [] }, NOBODY, { id: "", at: 0 }).urgency === "tell";
    }),
  );

  it.each(NOTICE_REASONS.filter((reason) => !quiet.has(reason)))(
    "the page %s is explained in docs/operating.md",
    (reason) => {
      expect(doc("operating.md")).toContain(`**${reason}**`);
    },
  );
});
