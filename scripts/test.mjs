import { rm } from "node:fs/promises";
import path from "node:path";
import { demonstrate } from "./demo-result.mjs";
import { failuresOf } from "./failures.mjs";
import { main, ROOT, run, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const RESULTS = path.join(ROOT, ".cache", "live-tests.json");
const DEMOS = [["system-down"], ["none"], ["data-corruption", "--approve"]];

await main(async () => {
  const begun = performance.now();
  await setUp();
  // What is left of an earlier run says nothing of this one.
  await rm(RESULTS, { force: true });
  const failed = [];
  const check = await run(process.execPath, ["scripts/check.mjs"]);
  if (check.code !== 0) {
    failed.push("check");
  }
  const live = await runTool("vitest", [
    "run",
    "--project=live",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${RESULTS}`,
  ]);
  if (live.code !== 0) {
    failed.push("live tests");
  }
  for (const [fault, ...args] of DEMOS) {
    if ((await demonstrate(fault, { args })).problems.length > 0) {
      failed.push(`demo of ${fault}`);
    }
  }
  // Once more, at the end: whoever reads a long record reads its last lines.
  if (live.code !== 0) {
    tell(await failuresOf(RESULTS));
  }
  const verdict = failed.length === 0 ? "everything passed" : `failed: ${failed.join(", ")}`;
  tell(`test: ${verdict} (${secondsSince(begun)})`);
  return failed.length === 0 ? 0 : 1;
});
