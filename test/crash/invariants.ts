import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { isFree } from "../../src/app/locks.ts";
import type { Entry } from "../../src/model/facts.ts";
import type { CrashLab } from "../live/support/crash-lab.ts";
import { factsOf } from "../live/support/restored.ts";
import { SECRETS } from "./asking.ts";

/** What a case left behind. */
export interface Left {
  readonly lab: CrashLab;
  /** Of the journal since the case began. */
  readonly entries: readonly Entry[];
  /** What every daemon wrote. */
  readonly output: string;
  /** What the scenario itself finds wrong. */
  readonly problems: readonly string[];
  /** Effects that were made twice. */
  readonly again: readonly string[];
}

const ENDS = new Set(["completed", "cancelled", "needs-human"]);

/** Every invariant that does not hold, with what was seen; see docs/crash-matrix.md for what each means. */
export async function broken(left: Left): Promise<readonly string[]> {
  const { entries, problems, output } = left;
  return [
    ...(await oneRollback(left)).map((one) => `I1: ${one}`),
    ...problems.map((one) => `I2: ${one}`),
    ...(await nothingElseGone(left)).map((one) => `I3: ${one}`),
    ...[...intents(entries), ...unannounced(output), ...left.again].map((one) => `I4: ${one}`),
    ...budget(entries).map((one) => `I5: ${one}`),
    ...ends(left).map((one) => `I6: ${one}`),
    ...(await secrets(left)).map((one) => `I7: ${one}`),
  ];
}

async function oneRollback({ lab, entries }: Left): Promise<readonly string[]> {
  const plans = factsOf(entries, "planned");
  const lock = isFree(join(lab.app.pm2.folder, "rollwatch.lock"));
  return [
    ...(plans.length > 1 ? [`${plans.length} plans were made`] : []),
    ...(lock ? [] : ["the lock is still held"]),
  ];
}

async function nothingElseGone({ lab }: Left): Promise<readonly string[]> {
  const files = await lab.app.files();
  const releases = await readdir(join(lab.state, "releases"));
  return [
    ...(files["assets/page.html"] === undefined ? ["assets/page.html is gone"] : []),
    ...(releases.length === 0 ? ["the captured release is gone"] : []),
  ];
}

/** Each effect that the journal says was done had been announced. */
function intents(entries: readonly Entry[]): readonly string[] {
  const announced = new Set<string>();
  const missing: string[] = [];
  for (const { fact } of entries) {
    if (fact.kind === "step-started") {
      announced.add(`${fact.plan} ${fact.step}`);
    }
    if (fact.kind === "step-finished" && !announced.has(`${fact.plan} ${fact.step}`)) {
      missing.push(`${fact.step} was done unannounced`);
    }
  }
  return missing;
}

function unannounced(output: string): readonly string[] {
  return [...output.matchAll(/effect without intent: (\S+)/gu)].map(([, call]) => String(call));
}

/** One automatic rollback a day, whatever was restarted in between. */
function budget(entries: readonly Entry[]): readonly string[] {
  const automatic = factsOf(entries, "planned").filter(({ plan }) => plan.requestedBy === "policy");
  return automatic.length > 1 ? [`${automatic.length} automatic plans`] : [];
}

function ends({ entries, lab }: Left): readonly string[] {
  const ended = new Map(
    factsOf(entries, "recovery-ended").map(({ plan, result }) => [plan, result]),
  );
  const open = factsOf(entries, "planned").filter(
    ({ plan }) => !ENDS.has(ended.get(plan.id) ?? ""),
  );
  const queued = factsOf(entries, "notice-queued").map(({ notice }) => notice.id);
  const told = new Set(lab.webhook.received().map(({ id }) => id));
  return [
    ...open.map(({ plan }) => `${plan.id} never ended`),
    ...(ended.size > 0 && !queued.some((id) => told.has(id)) ? ["nobody was told"] : []),
  ];
}

/** In everything that rollwatch writes but its captures, which hold what they captured. */
async function secrets({ lab, output }: Left): Promise<readonly string[]> {
  const names = (await readdir(lab.state)).filter((name) => name.startsWith("journal.db"));
  const files = await Promise.all(names.map(async (name) => readFile(join(lab.state, name))));
  const notes = JSON.stringify(lab.webhook.received());
  return Object.values(SECRETS).filter(
    (secret) =>
      output.includes(secret) ||
      notes.includes(secret) ||
      files.some((file) => file.includes(secret)),
  );
}
