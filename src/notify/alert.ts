import { createHash } from "node:crypto";
import type { Notice, NoticeReason } from "../model/notice.ts";

/** After these the alert is over. */
const RESOLVES: ReadonlySet<NoticeReason> = new Set(["rollback-verified", "serviced", "recovered"]);

/** These say that a person is at it. */
const ACKNOWLEDGES: ReadonlySet<NoticeReason> = new Set(["approval-given", "approval-rejected"]);

/** Whether it says that its incident is over: a page of before that came after it would open the alert again, and nothing would end that. */
export function endsAlert({ incident, reason }: Notice): boolean {
  return incident !== null && RESOLVES.has(reason);
}

/** What a notice is to a service in which an incident is one alert: `inform` wakes nobody. */
export type AlertAction = "trigger" | "acknowledge" | "resolve" | "inform";

/** What such a service has to do with the alert. */
export function alertActionOf(notice: Notice): AlertAction {
  const { incident, reason, urgency } = notice;
  if (endsAlert(notice)) {
    return "resolve";
  }
  if (incident !== null && ACKNOWLEDGES.has(reason)) {
    return "acknowledge";
  }
  return urgency === "page" ? "trigger" : "inform";
}

/** What such a service knows the alert by, the same for each notice of an incident; at most `max` characters, 64 or more. */
export function alertKeyOf({ incident, dedupKey }: Notice, max: number): string {
  const key = incident ?? dedupKey;
  return key.length <= max ? key : createHash("sha256").update(key).digest("hex");
}
