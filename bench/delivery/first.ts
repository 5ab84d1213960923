import type { Lab } from "../../lab/lab.ts";
import { openLab } from "../../lab/lab.ts";
import { rehearse } from "../../lab/rehearsal.ts";
import { findRelease } from "../../lab/releases.ts";
import type { Entry } from "../../src/model/facts.ts";

const RELEASE = "system-down";
/** The shipped configuration's channel that needs no network. */
const LOG = "log";

/** From a real daemon's decision to roll back until the first notice of it is in another process's hands; milliseconds. */
export async function measureFirst(opened: (lab: Lab) => void): Promise<number> {
  const lab = await openLab();
  opened(lab);
  try {
    const script = {
      release: await findRelease(RELEASE),
      bake: "20s",
      installWith: "cache",
      dependencies: "few",
      killDaemon: false,
    } as const;
    const { entries } = await rehearse(lab, script, () => undefined);
    return firstOf(entries);
  } finally {
    await lab.end();
  }
}

/** What the journal says of it: the time of the decision, and that of the receiver's answer. */
export function firstOf(entries: readonly Entry[]): number {
  const decided = entries.find(
    ({ fact }) => fact.kind === "decided" && fact.decision.kind === "roll-back",
  );
  const delivered = entries.find(
    ({ seq, fact }) =>
      seq > (decided?.seq ?? Infinity) && fact.kind === "notice-delivered" && fact.channel !== LOG,
  );
  if (decided === undefined || delivered === undefined) {
    throw new Error("nothing was decided, or nobody was told of it");
  }
  return delivered.at - decided.at;
}
