import { allow, recommend, type Guard, type Opinion } from "../guard.ts";
import type { BreachSituation } from "../situation.ts";

/** Whether pm2 knows every service: `pm2 delete` is how many deployments begin, and an empty list is how a lost pm2 looks. */
export const servicesKnown: Guard = { id: "services-known", check };

function check({ services }: BreachSituation): Opinion {
  const gone = services.filter((service) => service.instances.length === 0);
  return gone.length === 0
    ? allow("pm2 knows every service")
    : recommend(
        `pm2 does not know ${gone.map((service) => service.name).join(", ")}: somebody deleted it, or pm2 lost its list`,
      );
}
