import { messageOf } from "../model/failure.ts";
import type { Plan } from "../model/plan.ts";
import type { Daemon } from "./daemon.ts";

/**
 * Whose hand else is on the application in the middle of a rollback: HEAD is neither where the plan found it nor where it leads,
 * so somebody deploys who did not ask for the lock. Going on would make a mixture of the two. Undefined where nobody is, and
 * where git cannot tell: half a rollback is worse than one that was looked at once less.
 */
export async function otherHand(
  { world, config, log }: Daemon,
  plan: Plan,
  signal: AbortSignal,
): Promise<string | undefined> {
  const leadsTo = plan.steps.flatMap((step) =>
    step.kind === "point-git" && typeof step["commit"] === "string" ? [step["commit"]] : [],
  );
  const from = plan.from.commit;
  if (leadsTo.length === 0 || typeof from !== "string") {
    return undefined;
  }
  try {
    const head = await world.git.head(config.application.root, signal);
    return head === null || head === from || leadsTo.includes(head)
      ? undefined
      : `somebody moved HEAD to ${head.slice(0, 8)} in the middle of the rollback, and deploys without \`rollwatch deploy-lock\``;
  } catch (error) {
    signal.throwIfAborted();
    log.warn({ plan: plan.id, error: messageOf(error) }, "git cannot tell who else deploys");
    return undefined;
  }
}
