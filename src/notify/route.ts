import type { Notice, NoticeReason } from "../model/notice.ts";
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
  "rows-kept": "tell",
  paused: "tell",
  resumed: "tell",
  "maintenance-started": "tell",
  "maintenance-ended": "tell",
  "recording-stopped": "tell",
  "restart-storm": "page",
  "rollwatch-ended": "page",
  "deployment-guard": "page",
};

/** Makes a notice of a draft: its urgency and the channels that must have it. */
export function address(
  draft: NoticeDraft,
  routes: Routes,
  made: { readonly id: string; readonly at: number },
): Notice {
  const urgency = draft.urgency ?? URGENCY[draft.reason];
  return { ...draft, ...made, urgency, channels: [...new Set(routes[urgency])] };
}
