import type { Control } from "../model/control.ts";
import type { Memory, MemoryUse } from "../system/memory.ts";
import type { Pm2 } from "../system/pm2.ts";
import { type MeasuredProcesses, measureProcesses, type ProcessUse } from "./process-memory.ts";
import { tellBytes, tellUse } from "./tell-memory.ts";

/** With less than this share available the memory is scarce. */
const SCARCE = 0.05;
/** A holder of at least this share of what is used is why it is scarce. */
const MAIN_HOLDER = 0.5;

/** Whether somebody else's programs leave the application no memory. */
export async function askNeighbours(
  ports: { readonly memory: Memory; readonly pm2: Pm2 },
  services: readonly string[],
  signal: AbortSignal,
): Promise<Omit<Control, "name">> {
  const [host, cgroup] = await Promise.all([
    ports.memory.host(signal),
    ports.memory.cgroup(signal),
  ]);
  const places = [
    { name: "the host", use: host },
    ...(cgroup === undefined ? [] : [{ name: "the control group", use: cgroup }]),
  ];
  const scarce = places.filter(({ use }) => isScarce(use));
  if (scarce.length === 0) {
    return { state: "green", detail: places.map(({ name, use }) => tellUse(name, use)).join("; ") };
  }
  const measured = await measureInTime(ports, services, signal);
  if (measured.kind === "unknown") {
    return { state: "unknown", detail: `memory is scarce, but ${measured.detail}` };
  }
  const own = tellOwn(measured.processes);
  const detail = `${scarce.map(({ name, use }) => tellUse(name, use)).join("; ")}; ${own}`;
  const held = heldBy(measured.processes);
  const isEatenByOthers = scarce.some(({ use }) => held < use.usedBytes * MAIN_HOLDER);
  return { state: isEatenByOthers ? "red" : "green", detail };
}

/** A pm2 that does not answer in time leaves open who holds the memory. */
async function measureInTime(
  ports: { readonly memory: Memory; readonly pm2: Pm2 },
  services: readonly string[],
  signal: AbortSignal,
): Promise<MeasuredProcesses> {
  try {
    return await measureProcesses(ports, services, signal);
  } catch (error) {
    if (signal.aborted) {
      return { kind: "unknown", reason: "pm2-hung", detail: "pm2 did not answer in time" };
    }
    throw error;
  }
}

function isScarce({ usedBytes, limitBytes }: MemoryUse): boolean {
  return limitBytes - usedBytes < limitBytes * SCARCE;
}

function heldBy(processes: readonly ProcessUse[]): number {
  let bytes = 0;
  for (const { residentBytes } of processes) {
    bytes += residentBytes;
  }
  return bytes;
}

function tellOwn(processes: readonly ProcessUse[]): string {
  const [biggest] = processes.toSorted((one, other) => other.residentBytes - one.residentBytes);
  const most =
    biggest === undefined
      ? ""
      : `, most of them ${biggest.service} ${tellBytes(biggest.residentBytes)}`;
  return `the application's processes hold ${tellBytes(heldBy(processes))}${most}`;
}
