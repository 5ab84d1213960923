import { readdir, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";

/** A TCP socket of this machine that waits for connections. */
export interface Listener {
  /** The address it is bound to, such as `127.0.0.1`, `0.0.0.0` or `::`. */
  readonly host: string;
  readonly port: number;
}

/** Who listens on this machine. Where the platform or rights do not show it, nobody seems to. */
export interface Listeners {
  /** Every socket that listens, by port. */
  all(signal: AbortSignal): Promise<readonly Listener[]>;
  /** Those of a process and of the processes that it started. */
  of(pid: number, signal: AbortSignal): Promise<readonly Listener[]>;
}

interface Bound extends Listener {
  readonly inode: string;
}

const LISTENING = "0A";
const TABLES = ["tcp", "tcp6"];
/** A service that starts more processes than this is looked at no further. */
const MAX_PROCESSES = 200;

/** The machine's listeners; `root` is where its /proc is. */
export function openListeners(root = "/"): Listeners {
  const proc = join(root, "proc");
  return {
    all: async (signal) => (await tablesOf(proc, signal)).map(plain),
    of: async (pid, signal) => {
      const sockets = new Set<string>();
      for (const one of await familyOf(proc, pid, signal)) {
        for (const inode of await socketsOf(proc, one)) {
          sockets.add(inode);
        }
      }
      signal.throwIfAborted();
      const bound = await tablesOf(proc, signal);
      return bound.filter(({ inode }) => sockets.has(inode)).map(plain);
    },
  };
}

function plain({ host, port }: Bound): Listener {
  return { host, port };
}

async function tablesOf(proc: string, signal: AbortSignal): Promise<readonly Bound[]> {
  const texts = await Promise.all(
    TABLES.map(async (name) => read(join(proc, "net", name), signal)),
  );
  return texts
    .flatMap((text) => text.split("\n").flatMap(rowOf))
    .toSorted((one, other) => one.port - other.port);
}

/** A row such as `0: 0100007F:1F90 00000000:0000 0A … 1000 0 81234 …`; none when it does not listen. */
function rowOf(line: string): readonly Bound[] {
  const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/u);
  const [address = "", port = ""] = local.split(":");
  return state === LISTENING && inode !== ""
    ? [{ host: hostOf(address), port: Number.parseInt(port, 16), inode }]
    : [];
}

/** The kernel writes addresses as 32-bit words of the machine's own order, here the little-endian one. */
function hostOf(hex: string): string {
  const words = hex.match(/.{8}/gu) ?? [];
  const bytes = words.flatMap((word) =>
    (word.match(/../gu) ?? []).toReversed().map((byte) => Number.parseInt(byte, 16)),
  );
  const isMapped = bytes.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0);
  if (bytes.length === 4 || (isMapped && bytes[10] === 255)) {
    return bytes.slice(-4).join(".");
  }
  if (bytes.slice(0, -1).every((byte) => byte === 0)) {
    return bytes.at(-1) === 1 ? "::1" : "::";
  }
  return words
    .flatMap((_word, place) => [0, 2].map((at) => groupOf(bytes, place * 4 + at)))
    .join(":");
}

function groupOf(bytes: readonly number[], at: number): string {
  return ((bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0)).toString(16);
}

/** The process and all that descend from it. */
async function familyOf(
  proc: string,
  pid: number,
  signal: AbortSignal,
): Promise<readonly number[]> {
  const family = [pid];
  for (const member of family) {
    const folder = join(proc, String(member), "task");
    const threads = await readdir(folder).catch(() => []);
    for (const thread of threads) {
      const children = await read(join(folder, thread, "children"), signal);
      family.push(...(children.match(/\d+/gu) ?? []).map(Number));
    }
    if (family.length > MAX_PROCESSES) {
      break;
    }
  }
  return family.slice(0, MAX_PROCESSES);
}

async function socketsOf(proc: string, pid: number): Promise<readonly string[]> {
  const folder = join(proc, String(pid), "fd");
  const names = await readdir(folder).catch(() => []);
  const targets = await Promise.all(
    names.map(async (name) => readlink(join(folder, name)).catch(() => "")),
  );
  return targets.flatMap((target) => /^socket:\[(\d+)\]$/u.exec(target)?.[1] ?? []);
}

/** A file's text; empty where it cannot be read. */
async function read(path: string, signal: AbortSignal): Promise<string> {
  try {
    return await readFile(path, { encoding: "utf8", signal });
  } catch {
    signal.throwIfAborted();
    return "";
  }
}
