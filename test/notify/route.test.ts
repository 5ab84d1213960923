import { describe, expect, it } from "vitest";
import { address } from "../../src/notify/route.ts";
import type { NoticeDraft } from "../../src/notify/notices-draft.ts";
import type { NoticeReason } from "../../src/model/notice.ts";

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
    const notice = address(draftOf(reason), ROUTES, {}, { id: "ntc-1", at: 7 });

    expect(notice).toEqual({ ...draftOf(reason), id: "ntc-1", at: 7, urgency, channels });
  });

  it("follows a draft that is less urgent than its reason", () => {
    const notice = address(
      { ...draftOf("held"), urgency: "tell" },
      ROUTES,
      {},
      { id: "ntc-1", at: 7 },
    );

    expect(notice).toMatchObject({ urgency: "tell", channels: ["log"] });
  });

  it("ends what wakes somebody with the ways to reach help that are configured", () => {
    const emergency = { hotline: "+49 30 123456", channel: "#emergency" };

    const notice = address(draftOf("held"), ROUTES, emergency, { id: "ntc-1", at: 7 });

    expect(notice.text).toBe(
      "text\n\nEmergency hotline: +49 30 123456\nEmergency channel: #emergency",
    );
  });

  it("leaves what only informs as it is", () => {
    const emergency = { hotline: "+49 30 123456", address: "emergency@example.com" };

    const notice = address(draftOf("paused"), ROUTES, emergency, { id: "ntc-1", at: 7 });

    expect(notice.text).toBe("text");
  });
});
