import { main, runTypeScript } from "./run.mjs";
import { setUp } from "./setup.mjs";

await main(async (args) => {
  await setUp();
  return (await runTypeScript("demo/main.ts", args)).code;
});
