import { readdir } from "node:fs/promises";
import path from "node:path";
import { main, ROOT, runTool, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** The tests beside Debian's Prometheus, Alertmanager, Chromium and the like. */
await main(async (args) => {
  const folder = path.join(ROOT, "test", "peers");
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  if (!files.some((file) => file.endsWith(".test.ts"))) {
    tell("test:peers: there are no tests beside other programs yet (test/peers is empty)");
    return 0;
  }
  await setUp();
  return (await runTool("vitest", ["run", "--project", "peers", ...args])).code;
});
