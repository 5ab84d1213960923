import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/model/failure.ts";
import { holdLock } from "../../src/system/lock.ts";
import { sourceUrl, type Child, withChild } from "../support/child.ts";
import { withTempFolder } from "../support/temp.ts";

/** Runs `body` while a second process has the lock. */
async function whileHeld(path: string, body: (holder: Child) => Promise<void>): Promise<void> {
  const source = `
    import { holdLock } from ${JSON.stringify(sourceUrl("system/lock.ts"))};
    holdLock(${JSON.stringify(path)});
    console.log("holding");
    setInterval(() => {}, 1000);
  `;
  await withChild(source, async (holder) => {
    await holder.line();
    await body(holder);
  });
}

function refusalOf(path: string): Failure {
  try {
    holdLock(path).release();
  } catch (error) {
    if (error instanceof Failure) {
      return error;
    }
    throw error;
  }
  throw new Error("the lock was free");
}

describe("the lock", () => {
  it("is refused while another process has it, and says who that is", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");
      await whileHeld(path, async (holder) => {
        const refusal = refusalOf(path);

        expect(refusal.code).toBe("lock-held");
        expect(refusal.message).toContain(`pid ${holder.pid}, since 20`);
      });
    });
  });

  it("is held, and let go again, also where its holder cannot be noted", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");
      await mkdir(`${path}.holder`);

      const lock = holdLock(path);

      expect(refusalOf(path).code).toBe("lock-held");
      lock.release();
      expect(() => holdLock(path).release()).not.toThrow();
    });
  });

  it("is free as soon as its holder was killed", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");
      await whileHeld(path, async (holder) => {
        await holder.kill();

        expect(() => holdLock(path).release()).not.toThrow();
      });
    });
  });

  it("is not shaken by a refused attempt", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");
      await whileHeld(path, async () => {
        refusalOf(path);

        expect(refusalOf(path).code).toBe("lock-held");
      });
    });
  });

  it("is free again after its release", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");

      holdLock(path).release();

      expect(() => holdLock(path).release()).not.toThrow();
    });
  });

  it("is refused to a second taker in the same process", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "lock");
      const lock = holdLock(path);

      const refusal = refusalOf(path);

      expect(refusal.message).toContain(`pid ${process.pid}`);
      lock.release();
    });
  });

  it("makes its folder for its owner alone", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "state", "lock");

      const lock = holdLock(path);

      expect((await stat(join(folder, "state"))).mode & 0o777).toBe(0o700);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
      lock.release();
    });
  });

  it("says when it cannot be taken for another reason", async () => {
    await withTempFolder(async (folder) => {
      expect(refusalOf(folder).code).toBe("internal");
    });
  });
});
