import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether the application's pm2 answers: without it nothing can be stopped, started or known. */
export const pm2Alive: Guard = { id: "pm2-alive", check };

function check({ controls }: BreachSituation): Opinion {
  const control = controls.find((one) => one.name === "pm2");
  return control?.state === "green"
    ? allow(`pm2 answers: ${control.detail}`)
    : hold(`pm2 does not answer: ${control?.detail ?? "it was not asked yet"}`);
}
