import { Failure, messageOf } from "../model/failure.ts";
import type { ServiceInstance } from "../model/service.ts";
import type { Clock } from "../system/clock.ts";

const POLL_MS = 250;

/** What a look at processes saw: which they are, or what is wrong. */
export type View =
  | { readonly kind: "well"; readonly processes: string }
  | { readonly kind: "problem"; readonly reason: string };

/** What is to stay well. */
interface Steady {
  readonly look: () => Promise<View>;
  /** How long the same processes must stay well. */
  readonly steadyMs: number;
  /** What is said when they do not, such as `the restored release is not up`, and what to do then. */
  readonly otherwise: { readonly message: string; readonly hint: string };
}

/** Looks until the same processes have been well for long enough; returns which. Throws what was wrong last when `signal` ends it. */
export async function untilSteady(
  clock: Clock,
  { look, steadyMs, otherwise }: Steady,
  signal: AbortSignal,
): Promise<string> {
  let last = "nothing was seen yet";
  let steady: { readonly processes: string; readonly from: number } | undefined;
  try {
    for (;;) {
      const view = await look();
      if (view.kind === "problem") {
        last = view.reason;
        steady = undefined;
      } else if (steady?.processes !== view.processes) {
        last = steady === undefined ? last : "processes were restarted while being watched";
        steady = { processes: view.processes, from: clock.monotonic() };
      } else if (clock.monotonic() - steady.from >= steadyMs) {
        return view.processes;
      }
      await clock.sleep(POLL_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) {
      throw error;
    }
    throw new Failure("program-failed", `${otherwise.message}: ${last}`, {
      hint: otherwise.hint,
      cause: messageOf(error),
    });
  }
}

/** The same text as long as it is the same process. */
export function tellProcess({ pid, restarts }: ServiceInstance): string {
  return pid === 0 ? `ended by itself (${restarts} restarts)` : `pid ${pid} (${restarts} restarts)`;
}
