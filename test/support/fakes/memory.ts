import type { Memory, MemoryUse } from "../../../src/system/memory.ts";

/** A memory that is as full as a test says. */
export interface FakeMemory extends Memory {
  setHost(use: MemoryUse): void;
  setCgroup(use: MemoryUse | undefined): void;
  /** What a process holds; undefined ends it. */
  setProcess(pid: number, residentBytes: number | undefined): void;
}

const GIBIBYTE = 1024 ** 3;

/** Makes the memory of a machine of 8 GiB with 2 of them in use, no control group's limit and no process. */
export function fakeMemory(): FakeMemory {
  let host: MemoryUse = { usedBytes: 2 * GIBIBYTE, limitBytes: 8 * GIBIBYTE };
  let cgroup: MemoryUse | undefined;
  const processes = new Map<number, number>();
  return {
    setHost: (use) => {
      host = use;
    },
    setCgroup: (use) => {
      cgroup = use;
    },
    setProcess: (pid, residentBytes) => {
      if (residentBytes === undefined) {
        processes.delete(pid);
      } else {
        processes.set(pid, residentBytes);
      }
    },
    host: async (signal) => {
      signal.throwIfAborted();
      return host;
    },
    cgroup: async (signal) => {
      signal.throwIfAborted();
      return cgroup;
    },
    residentBytes: async (pid, signal) => {
      signal.throwIfAborted();
      return processes.get(pid);
    },
  };
}
