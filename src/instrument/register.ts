/**
 * `node --import rollwatch/instrument server.js`: publishes what an unmodified application does, its requests, the lag of its event
 * loop and its pools of `pg`, in the folder that ROLLWATCH_METRICS_DIR names; without it does nothing. Never troubles the
 * application: all it hooks into catches what it throws, and it keeps no process alive.
 */
import { performance } from "node:perf_hooks";
import { env, pid } from "node:process";
import { isMainThread } from "node:worker_threads";
import { watchLoop } from "./lag.ts";
import { renderPage } from "./page.ts";
import { watchPools } from "./pools.ts";
import { publish } from "./publish.ts";
import { quietly } from "./quietly.ts";
import { countRequests } from "./requests.ts";

const folder = env["ROLLWATCH_METRICS_DIR"];

if (folder !== undefined && folder !== "" && isMainThread) {
  quietly(() => {
    const sources = [countRequests(), watchLoop(), watchPools()];
    // A pid may come again: with its start it names this process alone.
    const worker = `${pid}-${Math.round(performance.timeOrigin)}`;
    publish(folder, () =>
      renderPage(
        worker,
        sources.flatMap((one) => one.metrics()),
      ),
    );
  });
}
