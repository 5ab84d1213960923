import { MAX_EXTRAS, samplesToConfirm } from "../model/signal.ts";
import { traitsOf } from "../observe/probes/index.ts";
import type { Finding } from "./problem.ts";
import type { SignalSettings } from "./schema.ts";

/** Faster probing that nothing comes of, or that is no faster. */
export function uselessConfirmation(signal: SignalSettings, index: number): readonly Finding[] {
  const { confirmEvery, confirmOver, window, probe, breachAfter } = signal;
  if (confirmEvery === undefined) {
    return [];
  }
  const path = ["signals", index, "confirmEvery"];
  const found = `${confirmEvery / 1000}s`;
  if (window.kind !== "last" || traitsOf(probe, 0).judgedBy !== "value") {
    const hint = "a window of several samples or requests is over no sooner; remove the key";
    return [{ path, expected: "a signal whose single samples are judged", found, hint }];
  }
  if (confirmEvery >= probe.interval) {
    const expected = `less than the probe's interval of ${probe.interval / 1000}s`;
    return [{ path, expected, found, hint: "it would be confirmed no faster; shorten it" }];
  }
  const extras = samplesToConfirm({ everyMs: confirmEvery, overMs: confirmOver }, breachAfter) - 1;
  return extras <= MAX_EXTRAS
    ? []
    : [
        {
          path,
          expected: `at most ${MAX_EXTRAS} extra samples for a breach`,
          found: `${extras}`,
          hint: "a target in trouble is not asked more often than that in a minute; lengthen confirmEvery or shorten confirmOver",
        },
      ];
}
