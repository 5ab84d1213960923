import { z } from "zod";
import { parseYaml } from "../src/config/document.ts";
import { ruleOf } from "../src/config/rule.ts";
import { SignalSettings } from "../src/config/schema.ts";
import { explainRule } from "../src/judge/explain.ts";
import { ApplicationSettings } from "../src/model/application.ts";
import type { Trigger } from "../src/model/trigger.ts";

/** Seconds from the moment everything fails to the proven breach, as computed from the limits. */
export interface Expectation {
  readonly typical: number;
  readonly worst: number;
}

const Judged = z.object({
  application: ApplicationSettings,
  signals: z.array(SignalSettings),
});

/** When a configuration's quickest signal of a trigger proves a breach; undefined when none ever does. */
export function expectedBreach(configuration: string, trigger: Trigger): Expectation | undefined {
  const { application, signals } = Judged.parse(parseYaml(configuration).value);
  return signals
    .filter((signal) => signal.trigger === trigger)
    .flatMap((signal) => {
      const { detectMs } = explainRule(ruleOf(signal, application));
      return detectMs === undefined
        ? []
        : [{ typical: detectMs.typical / 1000, worst: detectMs.worst / 1000 }];
    })
    .toSorted((a, b) => a.worst - b.worst)[0];
}
