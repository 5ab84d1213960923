import { demonstrate } from "./demo-result.mjs";
import { main, run, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const DEMOS = [["system-down"], ["none"], ["data-corruption", "--approve"]];

await main(async () => {
  const begun = performance.now();
  await setUp();
  const failed = [];
  const check = await run(process.execPath, ["scripts/check.mjs"]);
  if (check.code !== 0) {
    failed.push("check");
  }
  const live = await runTool("vitest", ["run", "--project", "live"]);
  if (live.code !== 0) {
    failed.push("live tests");
  }
  for (const [fault, ...args] of DEMOS) {
    if ((await demonstrate(fault, { args })).problems.length > 0) {
      failed.push(`demo of ${fault}`);
    }
  }
  const verdict = failed.length === 0 ? "everything passed" : `failed: ${failed.join(", ")}`;
  tell(`test: ${verdict} (${secondsSince(begun)})`);
  return failed.length === 0 ? 0 : 1;
});
