import { readdir } from "node:fs/promises";
import path from "node:path";
import { demonstrate } from "./demo-result.mjs";
import { main, ROOT, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** The demo of every fault, or of those that are named. */
await main(async (args) => {
  await setUp();
  const releases = path.join(ROOT, "examples", "radiation-health", "releases");
  const faults = args.length > 0 ? args : (await readdir(releases)).toSorted();
  const failed = [];
  for (const fault of faults) {
    if ((await demonstrate(fault)).length > 0) {
      failed.push(fault);
    }
  }
  const verdict =
    failed.length === 0 ? `all ${faults.length} demos are right` : `wrong: ${failed.join(", ")}`;
  tell(`test:demo: ${verdict}`);
  return failed.length === 0 ? 0 : 1;
});
