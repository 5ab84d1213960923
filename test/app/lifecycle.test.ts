import { describe, expect, it } from "vitest";
import { openLifecycle, type Lifecycle } from "../../src/app/lifecycle.ts";
import { openLog } from "../../src/system/log.ts";

function lifecycleOf(stopped: string[], broken: readonly string[] = []): Lifecycle {
  const lifecycle = openLifecycle(openLog({ level: "silent", secrets: [], fd: 1 }));
  for (const name of ["first", "second", "third"]) {
    lifecycle.onStop(name, async () => {
      stopped.push(name);
      if (broken.includes(name)) {
        throw new Error(`${name} is stuck`);
      }
    });
  }
  return lifecycle;
}

describe("the lifecycle", () => {
  it("stops in the opposite order, each part once", async () => {
    const stopped: string[] = [];
    const lifecycle = lifecycleOf(stopped);

    await lifecycle.stop();
    await lifecycle.stop();

    expect(stopped).toEqual(["third", "second", "first"]);
  });

  it("stops the others too when one fails, and says so at the end", async () => {
    const stopped: string[] = [];
    const lifecycle = lifecycleOf(stopped, ["third", "second"]);

    const error: unknown = await lifecycle.stop().catch((caught: unknown) => caught);

    expect(stopped).toEqual(["third", "second", "first"]);
    expect(error).toMatchObject({
      errors: [{ message: "third is stuck" }, { message: "second is stuck" }],
    });
  });
});
