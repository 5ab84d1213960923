import { loadavg } from "node:os";
import { ROOT } from "../../lab/environment.ts";
import type { Lab } from "../../lab/lab.ts";
import { measureResume, type Resume } from "./resume.ts";
import { measureWrites, type WriteTimes } from "./writes.ts";

/** What it costs to be safe to kill. */
export interface JournalResult {
  readonly writes: WriteTimes;
  readonly resumes: readonly Resume[];
  /** The machine's load average over the last minute: after the writes, and at the end. */
  readonly load: { readonly writes: number; readonly resumes: number };
}

const WRITES = 500;

/** Measures synced writes on the disk of this folder, then resumed recoveries in `rounds` rounds. */
export async function measureJournal(
  rounds: number,
  how: { readonly tell: (line: string) => void; readonly opened: (lab: Lab) => void },
): Promise<JournalResult> {
  const writes = await measureWrites(ROOT, WRITES);
  const afterWrites = loadavg()[0] ?? Number.NaN;
  how.tell(`${WRITES} writes in each way`);
  const resumes: Resume[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const resume = await measureResume(how.opened);
    resumes.push(resume);
    how.tell(`round ${round} of ${rounds}: resumed after ${resume.toResumed.toFixed(0)} ms`);
  }
  return { writes, resumes, load: { writes: afterWrites, resumes: loadavg()[0] ?? Number.NaN } };
}
