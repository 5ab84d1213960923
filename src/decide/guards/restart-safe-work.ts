import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the services to restart may be stopped in the middle of their work. */
export const restartSafeWork: Guard = { id: "restart-safe-work", check };

function check({ work, concerned }: BreachSituation): Opinion {
  const unsafe = work
    .filter((one) => one.work === "unsafe" && concerned.includes(one.name))
    .map((one) => one.name);
  return unsafe.length === 0
    ? allow("what would be restarted may be stopped in the middle of its work")
    : recommend(`unsafe to stop in the middle of its work: ${unsafe.join(", ")}`);
}
