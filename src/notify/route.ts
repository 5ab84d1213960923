import type { Notice, NoticeReason } from "../model/notice.ts";
import type { EmergencySettings } from "../model/people.ts";
import type { NoticeDraft } from "./notices-draft.ts";

/** Channel names by urgency, as configured. */
export interface Routes {
  readonly page: readonly string[];
  readonly tell: readonly string[];
}

/** Whether a reason wakes somebody: whatever a person must look at now, and whatever was done to a running system unasked. */
const URGENCY: Readonly<Record<NoticeReason, Notice["urgency"]>> = {
  "rollback-started": "page",
  "rollback-verified": "page",
  "rollback-unverified": "page",
  "rollback-cancelled": "tell",
  "needs-human": "page",
  "restart-started": "page",
  serviced: "page",
  "restart-unhelpful": "page",
  "restart-cancelled": "tell",
  recommended: "page",
  "approval-given": "tell",
  "approval-rejected": "tell",
  "approval-expired": "page",
  reported: "page",
  held: "page",
  recovered: "tell",
  "stopped-by-person": "tell",
  "release-proven": "tell",
  "snapshot-missing": "page",
  "disk-full": "page",
  "pm2-unwell": "page",
  "rows-kept": "tell",
  paused: "tell",
  resumed: "tell",
  "maintenance-started": "tell",
  "maintenance-ended": "tell",
  "recording-stopped": "tell",
  "restart-storm": "page",
  "rollwatch-ended": "page",
  "deployment-guard": "page",
  "status-update": "tell",
  "approval-overridden": "page",
  "approval-unanswered": "page",
  "tasks-overdue": "tell",
  "status-page": "tell",
};

/** What those hear of, too, who are usually only informed: somebody decided alone, or nobody decides. */
const TO_EVERYBODY: ReadonlySet<NoticeReason> = new Set([
  "approval-overridden",
  "approval-unanswered",
]);

/** Makes a notice of a draft: its urgency, the channels that must have it, and whom to reach where it wakes somebody. */
export function address(
  draft: NoticeDraft,
  routes: Routes,
  emergency: EmergencySettings,
  made: { readonly id: string; readonly at: number },
): Notice {
  const urgency = draft.urgency ?? URGENCY[draft.reason];
  const names = TO_EVERYBODY.has(draft.reason) ? [...routes.page, ...routes.tell] : routes[urgency];
  const reached = urgency === "page" ? tellEmergency(emergency) : "";
  const text = reached === "" ? draft.text : `${draft.text}\n\n${reached}`;
  return { ...draft, ...made, text, urgency, channels: [...new Set(names)] };
}

function tellEmergency({ hotline, address: mail, channel }: EmergencySettings): string {
  return [
    ...(hotline === undefined ? [] : [`Emergency hotline: ${hotline}`]),
    ...(mail === undefined ? [] : [`Emergency address: ${mail}`]),
    ...(channel === undefined ? [] : [`Emergency channel: ${channel}`]),
  ].join("\n");
}
