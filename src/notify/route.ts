import { nextBusiness } from "../model/calendar.ts";
import { peopleUpTo } from "../model/duty.ts";
import type { Notice, NoticeReason } from "../model/notice.ts";
import type { EmergencySettings, PeopleSettings } from "../model/people.ts";
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
  countdown: "page",
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
  escalated: "page",
  "channel-test": "page",
  "channel-proof": "tell",
  "review-overdue": "tell",
  "channel-failing": "page",
  "status-page": "tell",
};

/** What everybody hears of, executives too: somebody decided alone. */
const TO_EVERYBODY: ReadonlySet<NoticeReason> = new Set(["approval-overridden"]);

/** What those hear of, too, who are usually only informed: somebody decided alone, or nobody decides. */
const TO_INFORMED: ReadonlySet<NoticeReason> = new Set([
  "approval-overridden",
  "approval-unanswered",
]);

/** Makes a notice of a draft: its urgency, the channels that must have it, and whom to reach where it wakes somebody. */
export function address(
  { canWait, ...draft }: NoticeDraft,
  routes: Routes,
  people: PeopleSettings,
  made: { readonly id: string; readonly at: number },
): Notice {
  const urgency = draft.urgency ?? URGENCY[draft.reason];
  const reached = urgency === "page" ? tellEmergency(people.emergency) : "";
  const text = reached === "" ? draft.text : `${draft.text}\n\n${reached}`;
  const names = draft.channels ?? [
    ...routes[urgency],
    ...(TO_INFORMED.has(draft.reason) ? routes.tell : []),
    ...(urgency === "page" ? channelsOfPeople(draft, people, made.at) : []),
  ];
  const channels = [...new Set(names)];
  const notBefore = canWait === true ? businessFrom(people, made.at) : {};
  return { ...draft, ...made, text, urgency, channels, ...notBefore };
}

/** The channels of those on duty, as far up as the notice goes. */
function channelsOfPeople(
  { reason, level }: Pick<NoticeDraft, "reason" | "level">,
  people: PeopleSettings,
  at: number,
): readonly string[] {
  const called = peopleUpTo(people, TO_EVERYBODY.has(reason) ? 3 : (level ?? 1), at);
  return called.flatMap(({ channels }) => channels);
}

function businessFrom({ calendar }: PeopleSettings, at: number): Pick<Notice, "notBefore"> {
  const opens = calendar === undefined ? at : nextBusiness(calendar, at);
  return opens === at ? {} : { notBefore: opens };
}

function tellEmergency({ hotline, address: mail, channel }: EmergencySettings): string {
  return [
    ...(hotline === undefined ? [] : [`Emergency hotline: ${hotline}`]),
    ...(mail === undefined ? [] : [`Emergency address: ${mail}`]),
    ...(channel === undefined ? [] : [`Emergency channel: ${channel}`]),
  ].join("\n");
}
