import { isWell } from "../model/signal.ts";
import type { Sample } from "../model/sample.ts";
import { judgeAfresh } from "../verify/fresh.ts";
import type { Daemon } from "./daemon.ts";

/** A signal that is asked more seldom says nothing within the time that a ladder waits. */
const OFTEN_MS = 10_000;

/** What the signals say of single services from now on. */
interface ServiceHealth {
  /** What speaks against a service since `at`; undefined when nothing does. */
  readonly whyUnwell: (service: string, at: number) => string | undefined;
  readonly stop: () => void;
}

/** Listens to the probes of the services, so that a ladder of restarts can wait for each. */
export function openServiceHealth({
  observatory,
  rules,
  config,
  world,
}: Pick<Daemon, "observatory" | "rules" | "config" | "world">): ServiceHealth {
  const samples: Sample[] = [];
  const stop = observatory.onSample((sample) => samples.push(sample));
  return {
    whyUnwell: (service, at) => {
      const judged = judgeAfresh({
        rules: rules.filter(
          (rule) =>
            rule.service === service && rule.evidence === "probe" && rule.intervalMs <= OFTEN_MS,
        ),
        samples,
        from: at,
        settleMs: config.verify.settle,
        now: world.clock.now(),
      });
      const sick = judged.find((signal) => !isWell(signal) && signal.isPending !== true);
      return sick === undefined ? undefined : `${sick.name} is ${sick.state} (${sick.reason})`;
    },
    stop,
  };
}
