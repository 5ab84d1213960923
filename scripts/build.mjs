import { main } from "./run.mjs";
import { build, installDependencies } from "./setup.mjs";

await main(async () => {
  await installDependencies();
  await build();
  return 0;
});
