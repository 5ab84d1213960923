import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether every service may be stopped in the middle of its work. */
export const safeWork: Guard = { id: "safe-work", check };

function check({ work }: BreachSituation): Opinion {
  const unsafe = work.filter((one) => one.work === "unsafe").map((one) => one.name);
  return unsafe.length === 0
    ? allow("every service may be stopped in the middle of its work")
    : recommend(`unsafe to stop in the middle of its work: ${unsafe.join(", ")}`);
}
