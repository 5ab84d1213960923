import { tellTime } from "../model/units.ts";
import type { NoticeDraft } from "./notices-draft.ts";

/** A return to the database of the newest proven release is impossible; told once a day. */
export function snapshotMissing(
  application: string,
  about: { readonly release: string; readonly reason: string; readonly now: number },
): NoticeDraft {
  const { release, reason, now } = about;
  return {
    dedupKey: `none:snapshot-missing:${release}:${tellTime(now).slice(0, 10)}`,
    reason: "snapshot-missing",
    incident: null,
    title: `${application}: the database of ${release} could not be put back`,
    text: `Noticed at ${tellTime(now)}: ${reason}. It is tried again by itself; \`rollwatch doctor\` says what it needs.`,
  };
}
