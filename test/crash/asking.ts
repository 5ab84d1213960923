import { remoteActions } from "../../src/cli/daemon-client.ts";
import type { RollbackRequest } from "../../src/model/actions.ts";
import type { Entry } from "../../src/model/facts.ts";
import type { CrashLab } from "../live/support/crash-lab.ts";
import { factsOf } from "../live/support/restored.ts";
import { GOOD } from "../live/support/two-services.ts";

const { signal } = new AbortController();
/** Nobody may find these anywhere but where they are kept. */
export const SECRETS = {
  ada: "canary-token-of-ada-7391",
  dora: "canary-token-of-dora-7391",
  database: "canary-password-7391",
} as const;
const BY = { name: "Mia", roles: [], access: [] };
/** Those who approve what changes a database. */
export const PEOPLE = {
  contacts: [
    { name: "Ada", roles: ["system-administrator"], token: SECRETS.ada },
    { name: "Dora", roles: ["database-administrator"], token: SECRETS.dora },
  ],
} as const;

/** Mia asks for it; rejects when the daemon refuses or dies. */
export function asked(state: string, more: Partial<RollbackRequest>): Promise<unknown> {
  const request = { scope: "application", reason: "as agreed", ...more } as const;
  return remoteActions(state, { by: BY.name }, signal).rollback(request, BY, signal);
}

/** The proven release. */
export async function goodRelease(lab: CrashLab): Promise<string> {
  return factsOf(await lab.entries(), "release-proven")[0]?.release ?? "";
}

/** Whether another release is served. */
export async function servedProblems(lab: CrashLab, wanted = GOOD): Promise<readonly string[]> {
  const served = await lab.app.served();
  return served === wanted ? [] : [`it serves ${served ?? "nothing"}`];
}

/** Deploys the good release where it is not served. */
export async function untilGood({ app }: CrashLab): Promise<void> {
  const head = await app.head();
  if (head.commit !== app.commits.good || (await app.served()) !== GOOD) {
    await app.deployGood();
  }
}

/** Both people, each as often as it takes: a daemon that dies in between asks nobody again. */
export async function approveAll(lab: CrashLab, state = lab.state): Promise<void> {
  const plan = factsOf(await lab.entries(state), "approval-asked").at(-1)?.plan ?? "";
  for (const token of [SECRETS.dora, SECRETS.ada]) {
    const actions = remoteActions(state, { by: "somebody", token }, signal);
    const { state: standing, approval } = await actions.plan(plan);
    const role = token === SECRETS.ada ? "system-administrator" : "database-administrator";
    if (standing === "waiting" && approval?.given.every((one) => one.role !== role) === true) {
      await actions.approve(plan, {}, BY);
    }
  }
}

/** What people do when the daemon lives again and a plan waits. */
export async function approveWaiting(lab: CrashLab, entries: readonly Entry[]): Promise<void> {
  const waits =
    factsOf(entries, "approval-asked").length > factsOf(entries, "recovery-ended").length;
  await (waits ? approveAll(lab) : undefined);
}
