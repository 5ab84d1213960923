import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openMemory, shareOf } from "../../src/system/memory.ts";
import { memoryContract } from "../contracts/memory.ts";
import { fakeMemory } from "../support/fakes/memory.ts";

const { signal } = new AbortController();
const MEMINFO = `MemTotal:        1000 kB
MemFree:          100 kB
MemAvailable:     400 kB
`;

let root = "";

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "rwM-"));
});

afterEach(async () => {
  await rm(root, { recursive: true });
});

/** Writes what the kernel shows. */
async function show(files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

memoryContract("the kernel's", async () => {
  await show({
    "proc/meminfo": MEMINFO,
    "proc/7/status": "Name:\tnode\nVmRSS:\t      48 kB\nThreads:\t11\n",
  });
  return { memory: openMemory(root), pid: 7, close: async () => undefined };
});

memoryContract("the fake", async () => {
  const memory = fakeMemory();
  memory.setProcess(7, 4096);
  return { memory, pid: 7, close: async () => undefined };
});

describe("the machine's memory", () => {
  it("counts what the kernel could free as free", async () => {
    await show({ "proc/meminfo": MEMINFO });

    const use = await openMemory(root).host(signal);

    expect(use).toEqual({ usedBytes: 600 * 1024, limitBytes: 1000 * 1024 });
  });

  it("is what Node says where there is no /proc", async () => {
    const use = await openMemory(root).host(signal);

    expect(use.limitBytes).toBe(totalmem());
    expect(use.usedBytes).toBeGreaterThan(0);
  });

  it("of this very process is known", async () => {
    const bytes = await openMemory().residentBytes(process.pid, signal);

    expect(bytes ?? process.memoryUsage().rss).toBeGreaterThan(1024 ** 2);
  });

  it("of a process that has ended but was not waited for is none", async () => {
    await show({ "proc/8/status": "Name:\tnode\nState:\tZ (zombie)\n" });

    expect(await openMemory(root).residentBytes(8, signal)).toBeUndefined();
  });
});

describe("the memory of the control group", () => {
  it("is the one of version 2, without the files it only caches", async () => {
    await show({
      "proc/self/cgroup": "0::/app/rollwatch\n",
      "sys/fs/cgroup/app/rollwatch/memory.current": "5000\n",
      "sys/fs/cgroup/app/rollwatch/memory.max": "10000\n",
      "sys/fs/cgroup/app/rollwatch/memory.stat": "anon 3000\ninactive_file 2000\nactive_file 1\n",
    });

    const use = await openMemory(root).cgroup(signal);

    expect(use).toEqual({ usedBytes: 3000, limitBytes: 10_000 });
  });

  it("is that of a group around it when that one is tighter", async () => {
    await show({
      "proc/self/cgroup": "0::/app/rollwatch\n",
      "sys/fs/cgroup/app/rollwatch/memory.current": "10\n",
      "sys/fs/cgroup/app/rollwatch/memory.max": "max\n",
      "sys/fs/cgroup/app/memory.current": "900\n",
      "sys/fs/cgroup/app/memory.max": "1000\n",
      "sys/fs/cgroup/memory.current": "1000\n",
      "sys/fs/cgroup/memory.max": "4000\n",
    });

    expect(await openMemory(root).cgroup(signal)).toEqual({ usedBytes: 900, limitBytes: 1000 });
  });

  it("is the one of version 1, also where a container hides its path", async () => {
    await show({
      "proc/self/cgroup": "5:cpu:/x\n4:memory:/docker/abc\n0::/\n",
      "sys/fs/cgroup/memory/memory.usage_in_bytes": "700\n",
      "sys/fs/cgroup/memory/memory.limit_in_bytes": "1000\n",
      "sys/fs/cgroup/memory/memory.stat": "inactive_file 5\ntotal_inactive_file 100\n",
    });

    expect(await openMemory(root).cgroup(signal)).toEqual({ usedBytes: 600, limitBytes: 1000 });
  });

  it.each([
    ["max", "0::/\n", "memory.max", "memory.current"],
    [
      "9223372036854771712",
      "4:memory:/\n",
      "memory/memory.limit_in_bytes",
      "memory/memory.usage_in_bytes",
    ],
  ])("does not exist with the limit %s", async (...row) => {
    const [limit, own, limitFile, usedFile] = row;
    await show({
      "proc/self/cgroup": own,
      [`sys/fs/cgroup/${limitFile}`]: `${limit}\n`,
      [`sys/fs/cgroup/${usedFile}`]: "700\n",
    });

    expect(await openMemory(root).cgroup(signal)).toBeUndefined();
  });

  it("does not leave its file system by its own path", async () => {
    await show({
      "proc/self/cgroup": "0::/../../../proc\n",
      "proc/memory.current": "1\n",
      "proc/memory.max": "2\n",
    });

    expect(await openMemory(root).cgroup(signal)).toBeUndefined();
  });
});

describe("the share in use", () => {
  it.each([
    [50, 100, 0.5],
    [150, 100, 1],
    [-5, 100, 0],
  ])("of %d in %d is %d", (usedBytes, limitBytes, share) => {
    expect(shareOf({ usedBytes, limitBytes })).toBe(share);
  });
});
