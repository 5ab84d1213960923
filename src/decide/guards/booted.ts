import type { ServiceSettings } from "../../model/application.ts";
import type { ServiceInstance } from "../../model/service.ts";
import { tellDuration } from "../../model/units.ts";
import { allow, holdForNow, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether what the breach is about has had the time to start that it declares. */
export const booted: Guard = { id: "booted", check };

function check(situation: BreachSituation): Opinion {
  const booting = situation.work.filter((service) => isBooting(service, situation));
  return booting.length === 0
    ? allow("nothing that the breach is about is still starting")
    : holdForNow(
        booting
          .map(({ name, boot }) => `${name} was just started and may take ${tellDuration(boot)}`)
          .join("; "),
      );
}

function isBooting(
  { name, boot }: Pick<ServiceSettings, "name" | "boot">,
  { now, since, concerned, services }: BreachSituation,
): boolean {
  const instances = services.find((service) => service.name === name)?.instances ?? [];
  const newest = Math.max(...instances.map((one) => one.startedAt));
  // A restart shows the breach while the old process ends, so it may be a little younger than that. One that is younger
  // by a whole start did not take too long: pm2 started it again.
  const isFirstStart = newest - since < boot;
  // One that lies far ahead was before the clock was set back: how long ago, nobody can tell.
  const isJustNow = Math.abs(now - newest) < boot;
  return concerned.includes(name) && isJustNow && isFirstStart && !instances.some(hasCrashed);
}

function hasCrashed({ status }: ServiceInstance): boolean {
  return status === "waiting-restart" || status === "errored";
}
