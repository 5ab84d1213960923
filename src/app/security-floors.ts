import { Failure } from "../model/failure.ts";
import type { Person } from "../model/people.ts";
import type { Daemon } from "./daemon.ts";
import { unknownRelease } from "./release-actions.ts";

/** Makes a captured release a security floor, or gives another reason for it; throws `release-unknown`. */
export function markRelease(
  { journal, log }: Daemon,
  { id, reason }: { readonly id: string; readonly reason: string },
  by: Person,
): void {
  if (!journal.history().releases.some((one) => one.id === id)) {
    throw unknownRelease(id);
  }
  journal.record({ kind: "release-marked", release: id, by: by.name, reason });
  log.warn({ release: id, by: by.name, reason }, "marked as a security floor");
}

/** Takes a security floor back, also one whose capture is gone; refused where there is none. */
export function unmarkRelease({ journal, log }: Daemon, id: string, by: Person): void {
  if (!journal.history().floors.some(({ release }) => release === id)) {
    throw new Failure("refused", `${id} is no security floor`, {
      hint: "`rollwatch release list` shows which releases are.",
    });
  }
  journal.record({ kind: "release-unmarked", release: id, by: by.name });
  log.warn({ release: id, by: by.name }, "no security floor any more");
}
