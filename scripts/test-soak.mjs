import { main, runTool, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

/** Ten thousand seconds of mishaps for a daemon whose clock is driven: SOAK_TICKS makes it longer, SOAK_SEED another one, SOAK_REPORT keeps its figures. */
await main(async () => {
  const begun = performance.now();
  await setUp();
  const { SOAK_TICKS = "10000", SOAK_SEED = String(Date.now() % 2 ** 31) } = process.env;
  const env = { ...process.env, SOAK_TICKS, SOAK_SEED };
  const { code } = await runTool("vitest", ["run", "--project", "unit", "test/soak"], { env });
  tell(`test:soak: ${SOAK_TICKS} ticks, seed ${SOAK_SEED}, exit ${code} (${secondsSince(begun)})`);
  return code;
});
