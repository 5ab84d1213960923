import type { Service } from "../../model/service.ts";
import { allow, hold, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether it is known which services to restart, and pm2 has processes of them. */
export const restartable: Guard = { id: "restartable", check };

function check({ concerned, services }: BreachSituation): Opinion {
  if (concerned.length === 0) {
    return hold("no service is known to be the one");
  }
  const problems = concerned.flatMap((name) => {
    const problem = whyNot(services.find((one) => one.name === name));
    return problem === undefined ? [] : [`${name} ${problem}`];
  });
  return problems.length === 0
    ? allow(`pm2 runs ${concerned.join(", ")}`)
    : hold(`${problems.join("; ")}: there is nothing to restart`);
}

function whyNot(service: Service | undefined): string | undefined {
  if (service === undefined || service.instances.length === 0) {
    return "is not known to pm2";
  }
  return service.instances.every((one) => one.status === "stopped") ? "is stopped" : undefined;
}
