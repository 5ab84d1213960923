import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether nobody else is changing the application right now. */
export const noDeploymentRunning: Guard = { id: "no-deployment-running", check };

function check({ busy }: BreachSituation): Opinion {
  return busy.length === 0
    ? allow("nobody is deploying")
    : hold(`somebody is at work: ${busy.join("; ")}`);
}
