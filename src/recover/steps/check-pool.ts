import { z } from "zod";
import { Failure } from "../../model/failure.ts";
import { StepBase } from "../descriptor.ts";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";
import { poolOf } from "./swap-behind-pool.ts";

/** Asks, while nothing has changed, whether PgBouncer can be paused later. */
export const CheckPoolDescriptor = StepBase.extend({ kind: z.literal("check-pool") });
export type CheckPoolDescriptor = z.infer<typeof CheckPoolDescriptor>;

/** Never done beforehand: it looks and changes nothing. */
export function createCheckPool(
  descriptor: CheckPoolDescriptor,
  ports: Pick<StepPorts, "pool">,
): Step {
  const pool = poolOf(ports);
  return {
    describe: () => descriptor.text,
    isDone: async () => false,
    run: async (signal) => {
      const paused = (await pool.look(signal)).filter(({ isPaused }) => isPaused);
      if (paused.length > 0) {
        const names = paused.map(({ name }) => name).join(", ");
        throw new Failure(
          "refused",
          `PgBouncer is paused already, and not by this plan: ${names}`,
          {
            hint: "Nothing was changed. Whoever paused it must `RESUME` it in its console first.",
          },
        );
      }
      if (!(await pool.isAdmin(signal))) {
        throw new Failure("refused", "the role of database.pgbouncer.url may not pause PgBouncer", {
          hint: "Nothing was changed. Add it to `admin_users` in pgbouncer.ini, and RELOAD.",
        });
      }
      return "PgBouncer answers, and may be paused";
    },
  };
}
