/**
 * One run of the step that swaps: `swapping-process.ts <place as JSON> <aside>`. Writes `ready` to its parent right before, so that it can
 * be killed at any moment of it.
 */
import { createSwapDatabase } from "../../../src/recover/steps/swap-database.ts";
import { openSwapPorts, SwapPlace } from "./swap-steps.ts";

const [place = "", aside = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const step = createSwapDatabase(
  {
    id: "swap-database",
    kind: "swap-database",
    phase: "act",
    text: "swap",
    deadlineMs: 60_000,
    aside,
    patienceMs: 45_000,
  },
  openSwapPorts(SwapPlace.parse(JSON.parse(place))),
);
process.send?.("ready");
if (!(await step.isDone(signal))) {
  await step.run(signal);
}
process.exit(0);
