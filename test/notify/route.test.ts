import { describe, expect, it } from "vitest";
import { PeopleSettings } from "../../src/model/people.ts";
import { address } from "../../src/notify/route.ts";
import type { NoticeDraft } from "../../src/notify/notices-draft.ts";
import type { NoticeReason } from "../../src/model/notice.ts";

const NOBODY = PeopleSettings.parse({});
const ROUTES = { page: ["pager", "log", "log"], tell: ["log"] };

function draftOf(reason: NoticeReason): NoticeDraft {
  return { dedupKey: "key", reason, incident: null, title: "title", text: "text" };
}

describe("the route of a notice", () => {
  it.each<[NoticeReason, string, readonly string[]]>([
    ["rollback-started", "page", ["pager", "log"]],
    ["rollback-verified", "page", ["pager", "log"]],
    ["rollback-unverified", "page", ["pager", "log"]],
    ["needs-human", "page", ["pager", "log"]],
    ["recommended", "page", ["pager", "log"]],
    ["held", "page", ["pager", "log"]],
    ["restart-started", "page", ["pager", "log"]],
    ["serviced", "page", ["pager", "log"]],
    ["restart-unhelpful", "page", ["pager", "log"]],
    ["approval-expired", "page", ["pager", "log"]],
    ["reported", "page", ["pager", "log"]],
    ["restart-cancelled", "tell", ["log"]],
    ["approval-given", "tell", ["log"]],
    ["approval-rejected", "tell", ["log"]],
    ["paused", "tell", ["log"]],
    ["resumed", "tell", ["log"]],
    ["maintenance-started", "tell", ["log"]],
    ["maintenance-ended", "tell", ["log"]],
    ["recording-stopped", "tell", ["log"]],
    ["rollback-cancelled", "tell", ["log"]],
    ["recovered", "tell", ["log"]],
    ["stopped-by-person", "tell", ["log"]],
    ["release-proven", "tell", ["log"]],
  ])("of %s is to %s", (reason, urgency, channels) => {
    const notice = address(draftOf(reason), ROUTES, NOBODY, { id: "ntc-1", at: 7 });

    expect(notice).toEqual({ ...draftOf(reason), id: "ntc-1", at: 7, urgency, channels });
  });

  it("follows a draft that is less urgent than its reason", () => {
    const notice = address({ ...draftOf("held"), urgency: "tell" }, ROUTES, NOBODY, {
      id: "ntc-1",
      at: 7,
    });

    expect(notice).toMatchObject({ urgency: "tell", channels: ["log"] });
  });

  it("ends what wakes somebody with the ways to reach help that are configured", () => {
    const emergency = { hotline: "+49 30 123456", channel: "#emergency" };

    const notice = address(draftOf("held"), ROUTES, PeopleSettings.parse({ emergency }), {
      id: "ntc-1",
      at: 7,
    });

    expect(notice.text).toBe(
      "text\n\nEmergency hotline: +49 30 123456\nEmergency channel: #emergency",
    );
  });

  it("leaves what only informs as it is", () => {
    const emergency = { hotline: "+49 30 123456", address: "emergency@example.com" };

    const notice = address(draftOf("paused"), ROUTES, PeopleSettings.parse({ emergency }), {
      id: "ntc-1",
      at: 7,
    });

    expect(notice.text).toBe("text");
  });

  describe("with people who have channels of their own", () => {
    const at = Date.parse("2026-11-23T12:00Z");
    const calendar = { timeZone: "Europe/Berlin" };
    const people = PeopleSettings.parse({
      calendar,
      contacts: [
        { name: "Ada", roles: ["system-administrator"], channels: ["ada", "log"] },
        { name: "Bo", roles: ["devops-engineer"], channels: ["bo"], hours: ["weekend"] },
        { name: "Cy", roles: ["senior-management"], channels: ["cy"] },
        { name: "Di", roles: ["executives"], channels: ["di"] },
      ],
    });

    it.each([
      ["a page is to the team on duty", draftOf("held"), ["pager", "log", "ada"]],
      ["what informs wakes nobody", draftOf("paused"), ["log"]],
      ["a call of level 2", { ...draftOf("escalated"), level: 2 }, ["pager", "log", "ada", "cy"]],
      [
        "a call of level 3",
        { ...draftOf("escalated"), level: 3 },
        ["pager", "log", "ada", "cy", "di"],
      ],
      [
        "that somebody decided alone",
        draftOf("approval-overridden"),
        ["pager", "log", "ada", "cy", "di"],
      ],
    ] as const)("%s", (_what, draft, channels) => {
      const notice = address(draft, ROUTES, people, { id: "ntc-1", at });

      expect(notice.channels).toEqual(channels);
    });

    it("what can wait is delivered when the team is at work", () => {
      const draft = { ...draftOf("held"), urgency: "tell", canWait: true } as const;
      const night = Date.parse("2026-11-20T20:00Z");

      const kept = address(draft, ROUTES, people, { id: "ntc-1", at: night });
      const atOnce = address(draft, ROUTES, people, { id: "ntc-1", at });

      expect(kept).toMatchObject({ notBefore: Date.parse("2026-11-23T08:00Z") });
      expect(atOnce).not.toHaveProperty("notBefore");
      expect(kept).not.toHaveProperty("canWait");
    });

    it("nothing waits where no calendar says for what", () => {
      const draft = { ...draftOf("held"), urgency: "tell", canWait: true } as const;

      expect(address(draft, ROUTES, NOBODY, { id: "ntc-1", at })).not.toHaveProperty("notBefore");
    });
  });
});
