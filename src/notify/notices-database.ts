import type { DatabaseDelta, TableDelta } from "../model/database-delta.ts";
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

/** What only a replaced database has, and how to have it back; told once for each swap. */
export function rowsKept(
  application: string,
  { delta, incident }: { readonly delta: DatabaseDelta; readonly incident: string | null },
): NoticeDraft {
  const { kept, folder, tables, expiresAt } = delta;
  const differing = tables.filter((one) => one.inserted + one.updated + one.deleted > 0);
  const problems = tables.filter((one) => one.problem !== null);
  const rows = differing.reduce((sum, one) => sum + one.inserted + one.updated + one.deleted, 0);
  const until = expiresAt === null ? "" : ` until ${tellTime(expiresAt)}`;
  return {
    dedupKey: `${incident ?? "none"}:rows-kept:${kept}`,
    reason: "rows-kept",
    incident,
    title: `${application}: ${kept} differs from the live database in ${rows} rows`,
    text: [
      ...differing.map((one) => `- ${one.table}: ${tellRows(one)}`),
      ...problems.map((one) => `- ${one.table}: not compared: ${one.problem}`),
      `The rows are in ${folder}${until}; \`rollwatch database reapply\` and \`rollwatch database replay\` bring rows back, \`rollwatch database undo\` the whole database.`,
      `The database is kept until a person ends it: \`rollwatch database aside drop ${kept}\`.`,
    ].join("\n"),
  };
}

/** A replaced database that is larger than `database.rollback.exportUpTo`: a person decides when it is read; told once for each swap. */
export function rowsUnread(
  application: string,
  about: { readonly name: string; readonly bytes: number; readonly incident: string | null },
): NoticeDraft {
  const { name, bytes, incident } = about;
  return {
    dedupKey: `${incident ?? "none"}:rows-kept:${name}`,
    reason: "rows-kept",
    incident,
    title: `${application}: ${name} may have rows that the live database lacks`,
    text: [
      `It has ${(bytes / 1024 ** 3).toFixed(1)} GiB, more than database.rollback.exportUpTo: comparing reads both databases whole, and waits for your word.`,
      `\`rollwatch database delta ${name} --export\` compares them; \`rollwatch database undo\` brings the whole database back.`,
      `The database is kept until a person ends it: \`rollwatch database aside drop ${name}\`.`,
    ].join("\n"),
  };
}

function tellRows({ inserted, updated, deleted }: TableDelta): string {
  const parts = [
    ...(inserted === 0 ? [] : [`${inserted} only in the kept one`]),
    ...(updated === 0 ? [] : [`${updated} with other values`]),
    ...(deleted === 0 ? [] : [`${deleted} only in the live one`]),
  ];
  return parts.join(", ");
}
