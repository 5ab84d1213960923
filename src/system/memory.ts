import { readFile } from "node:fs/promises";
import { freemem, totalmem } from "node:os";
import { dirname, join } from "node:path";

/** Memory in use and how much there is at most, in bytes. */
export interface MemoryUse {
  readonly usedBytes: number;
  readonly limitBytes: number;
}

/** The memory of this machine. */
export interface Memory {
  /** The machine's; what the kernel could free at once counts as free. */
  host(signal: AbortSignal): Promise<MemoryUse>;
  /** That of rollwatch's own control group or one around it, of several limits the tightest; undefined without a limit. */
  cgroup(signal: AbortSignal): Promise<MemoryUse | undefined>;
  /** Resident bytes of a process; undefined when it is gone, or where the platform does not show it. */
  residentBytes(pid: number, signal: AbortSignal): Promise<number | undefined>;
}

/** A version 1 control group without a limit has one of about 2^63. */
const NO_LIMIT = 2 ** 60;

/** The machine's memory; `root` is where its /proc and /sys are. */
export function openMemory(root = "/"): Memory {
  return {
    host: async (signal) => {
      const info = parseTable((await read(join(root, "proc/meminfo"), signal)) ?? "");
      const limitBytes = info.get("MemTotal");
      const available = info.get("MemAvailable");
      return limitBytes === undefined || available === undefined
        ? { usedBytes: totalmem() - freemem(), limitBytes: totalmem() }
        : { usedBytes: limitBytes - available, limitBytes };
    },
    cgroup: async (signal) => {
      const uses: MemoryUse[] = [];
      const own = (await read(join(root, "proc/self/cgroup"), signal)) ?? "";
      for (const { folder, files } of groupsOf(own)) {
        const use = await readGroup(join(root, "sys/fs/cgroup", folder), files, signal);
        uses.push(...(use === undefined ? [] : [use]));
      }
      return uses.toSorted((one, other) => shareOf(other) - shareOf(one))[0];
    },
    residentBytes: async (pid, signal) => {
      const status = await read(join(root, "proc", String(pid), "status"), signal);
      return parseTable(status ?? "").get("VmRSS");
    },
  };
}

/** The share of the limit that is in use, 0..1. */
export function shareOf({ usedBytes, limitBytes }: MemoryUse): number {
  return Math.min(1, Math.max(0, usedBytes / limitBytes));
}

/** The names of a control group's files: in use, limit, and what of the use the kernel can take back. */
interface GroupFiles {
  readonly used: string;
  readonly limit: string;
  readonly reclaimable: string;
}

const VERSION_1: GroupFiles = {
  used: "memory.usage_in_bytes",
  limit: "memory.limit_in_bytes",
  reclaimable: "total_inactive_file",
};
const VERSION_2: GroupFiles = {
  used: "memory.current",
  limit: "memory.max",
  reclaimable: "inactive_file",
};

/** The process' own group and those around it, which limit it too. In a container some of them cannot be seen. */
function groupsOf(own: string): readonly { readonly folder: string; readonly files: GroupFiles }[] {
  return own.split("\n").flatMap((line) => {
    const [, controllers = "", path] = /^\d+:([^:]*):(\/.*)$/u.exec(line) ?? [];
    if (path === undefined || (controllers !== "" && !controllers.split(",").includes("memory"))) {
      return [];
    }
    const isVersion2 = controllers === "";
    const files = isVersion2 ? VERSION_2 : VERSION_1;
    return upwards(path).map((folder) => ({
      folder: isVersion2 ? folder : join("memory", folder),
      files,
    }));
  });
}

/** A path and all that contain it. */
function upwards(path: string): readonly string[] {
  const paths = [join("/", path)];
  for (let folder = paths[0] ?? "/"; folder !== "/";) {
    folder = dirname(folder);
    paths.push(folder);
  }
  return paths;
}

async function readGroup(
  folder: string,
  files: GroupFiles,
  signal: AbortSignal,
): Promise<MemoryUse | undefined> {
  const [used, limit, stat] = await Promise.all(
    [files.used, files.limit, "memory.stat"].map(async (name) => read(join(folder, name), signal)),
  );
  const usedBytes = Number.parseInt(used ?? "", 10);
  const limitBytes = Number.parseInt(limit ?? "", 10);
  if (Number.isNaN(usedBytes) || Number.isNaN(limitBytes) || limitBytes >= NO_LIMIT) {
    return undefined;
  }
  const reclaimable = parseTable(stat ?? "").get(files.reclaimable) ?? 0;
  return { usedBytes: Math.max(0, usedBytes - reclaimable), limitBytes };
}

/** Lines such as `MemTotal:  16 kB` or `inactive_file 4096`, in bytes. */
function parseTable(text: string): ReadonlyMap<string, number> {
  const table = new Map<string, number>();
  for (const line of text.split("\n")) {
    const [, name, value, kilo] = /^(\w+):?\s+(\d+)(\s+kB)?$/u.exec(line) ?? [];
    if (name !== undefined) {
      table.set(name, Number(value) * (kilo === undefined ? 1 : 1024));
    }
  }
  return table;
}

/** A file's text; undefined where it cannot be read. */
async function read(path: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    return await readFile(path, { encoding: "utf8", signal });
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
