/** One run of the step that swaps behind PgBouncer, in a process that can be killed: `<place as JSON> <pool as JSON> <aside>`. */
import { z } from "zod";
import { createSwapBehindPool } from "../../../src/recover/steps/swap-behind-pool.ts";
import { openClock } from "../../../src/system/clock.ts";
import { openPgBouncer } from "../../../src/system/pgbouncer.ts";
import { openSwapPorts, SwapPlace } from "../../live/support/swap-steps.ts";

const [place = "", pool = "", aside = ""] = process.argv.slice(2);
const { signal } = new AbortController();
const Pool = z.object({ url: z.string(), databases: z.array(z.string()) });
const step = createSwapBehindPool(
  {
    id: "swap-database",
    kind: "swap-behind-pool",
    phase: "act",
    text: "swap",
    deadlineMs: 60_000,
    aside,
    patienceMs: 45_000,
    pauseMs: 20_000,
  },
  {
    ...openSwapPorts(SwapPlace.parse(JSON.parse(place))),
    pool: openPgBouncer({ ...Pool.parse(JSON.parse(pool)), clock: openClock() }),
  },
);
process.send?.("ready");
await step.run(signal);
process.exit(0);
