import { main, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** Everything that needs no live system, cheapest first. */
const PARTS = [
  { title: "types", tool: "tsc", args: ["--noEmit"] },
  { title: "lint", tool: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  { title: "format", tool: "oxfmt", args: ["--check", "."] },
  { title: "unused code", tool: "knip", args: [] },
  { title: "in-process tests", tool: "vitest", args: ["run", "--project", "unit"] },
];

await main(async () => {
  await setUp();
  const begun = performance.now();
  const failed = [];
  for (const { title, tool, args } of PARTS) {
    const partBegun = performance.now();
    const { code, output } = await runTool(tool, args, { quiet: true });
    tell(`${code === 0 ? "ok    " : "FAILED"} ${title} (${secondsSince(partBegun)})`);
    if (code !== 0) {
      tell(output.trimEnd());
      failed.push(title);
    }
  }
  const verdict = failed.length === 0 ? "all parts passed" : `failed: ${failed.join(", ")}`;
  tell(`check: ${verdict} (${secondsSince(begun)})`);
  return failed.length === 0 ? 0 : 1;
});
