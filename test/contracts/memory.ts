import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Memory } from "../../src/system/memory.ts";

/** A memory under test without a control group's limit, and a process that it shows. */
export interface MemoryUnderTest {
  readonly memory: Memory;
  readonly pid: number;
  readonly close: () => Promise<void>;
}

const { signal } = new AbortController();

/** What every memory promises. */
export function memoryContract(name: string, open: () => Promise<MemoryUnderTest>): void {
  describe(`the contract of memory: ${name}`, () => {
    let under: MemoryUnderTest;

    beforeEach(async () => {
      under = await open();
    });

    afterEach(async () => {
      await under.close();
    });

    it("says how much of the machine's memory is in use", async () => {
      const { usedBytes, limitBytes } = await under.memory.host(signal);

      expect(usedBytes).toBeGreaterThan(0);
      expect(usedBytes).toBeLessThan(limitBytes);
    });

    it("knows no control group without a limit", async () => {
      expect(await under.memory.cgroup(signal)).toBeUndefined();
    });

    it("knows what a process holds, and nothing of one that is gone", async () => {
      expect(await under.memory.residentBytes(under.pid, signal)).toBeGreaterThan(0);
      expect(await under.memory.residentBytes(2 ** 30, signal)).toBeUndefined();
    });

    it("throws the reason of an aborted signal", async () => {
      const reason = new Error("told to stop");
      const aborted = AbortSignal.abort(reason);

      await expect(under.memory.host(aborted)).rejects.toBe(reason);
      await expect(under.memory.cgroup(aborted)).rejects.toBe(reason);
      await expect(under.memory.residentBytes(under.pid, aborted)).rejects.toBe(reason);
    });
  });
}
