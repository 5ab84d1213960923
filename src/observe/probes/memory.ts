import { z } from "zod";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, Size } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { type Memory, type MemoryUse, shareOf } from "../../system/memory.ts";
import type { Pm2 } from "../../system/pm2.ts";
import type { Probe } from "../probe.ts";
import { type MeasuredProcesses, measureProcesses, type ProcessUse } from "../process-memory.ts";
import { tellUse } from "../tell-memory.ts";

const PLACES = ["host", "cgroup", "process"] as const;

/** Measures how full the memory is: of the machine, of rollwatch's control group, and of each process against its limit. */
export const MemoryProbeSettings = z.strictObject({
  kind: z.literal("memory"),
  /** Time between two looks. Default 5s. */
  interval: PositiveDuration.prefault("5s"),
  /** After this long the processes are unknown. Default 2s. */
  timeout: PositiveDuration.prefault("2s"),
  /** Where to look; the fullest counts. Default all three. */
  of: z
    .array(z.enum(PLACES))
    .min(1)
    .default([...PLACES]),
  /** What one process of the application may hold; pm2's max_memory_restart when that is less. Default only pm2's. */
  processLimit: Size.refine((bytes) => bytes > 0, "expected more than 0B").optional(),
});
export type MemoryProbeSettings = z.infer<typeof MemoryProbeSettings>;

/** What is measured, and the signal's limit. `services` are pm2 names. */
export interface MemoryProbePorts {
  readonly memory: Memory;
  readonly pm2: Pm2;
  readonly clock: Clock;
  readonly services: readonly string[];
  readonly limit: number;
}

interface Place {
  readonly name: string;
  readonly use: MemoryUse;
  readonly service?: string;
}

/** A probe that measures the share of memory in use where it is fullest. */
export function createMemoryProbe(
  name: string,
  settings: MemoryProbeSettings,
  ports: MemoryProbePorts,
): Probe {
  const { kind, interval, timeout } = settings;
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => {
      const deadline = ports.clock.deadline(timeout, signal);
      const [around, processes] = await Promise.all([
        lookAround(ports.memory, settings.of, signal),
        settings.of.includes("process") ? lookAtProcesses(ports, deadline, signal) : NO_PROCESSES,
      ]);
      return readingOf(around, processes, { ...settings, limit: ports.limit });
    },
  };
}

const NO_PROCESSES: MeasuredProcesses = { kind: "measured", processes: [] };

async function lookAround(
  memory: Memory,
  of: MemoryProbeSettings["of"],
  signal: AbortSignal,
): Promise<readonly Place[]> {
  const host = of.includes("host") ? await memory.host(signal) : undefined;
  const cgroup = of.includes("cgroup") ? await memory.cgroup(signal) : undefined;
  return [
    ...(host === undefined ? [] : [{ name: "the host", use: host }]),
    ...(cgroup === undefined ? [] : [{ name: "the control group", use: cgroup }]),
  ];
}

async function lookAtProcesses(
  ports: MemoryProbePorts,
  deadline: AbortSignal,
  signal: AbortSignal,
): Promise<MeasuredProcesses> {
  try {
    return await measureProcesses(ports, ports.services, deadline);
  } catch (error) {
    signal.throwIfAborted();
    if (deadline.aborted) {
      return { kind: "unknown", reason: "pm2-hung", detail: "pm2 did not answer in time" };
    }
    throw error;
  }
}

function readingOf(
  around: readonly Place[],
  processes: MeasuredProcesses,
  { processLimit, limit }: Pick<MemoryProbeSettings, "processLimit"> & { readonly limit: number },
): Reading {
  const known = processes.kind === "measured" ? processes.processes : [];
  const places = [...around, ...known.flatMap((one) => placeOf(one, processLimit))];
  const [fullest] = places.toSorted((one, other) => shareOf(other.use) - shareOf(one.use));
  const isBad = fullest !== undefined && shareOf(fullest.use) > limit;
  if (processes.kind === "unknown" && !isBad) {
    // The processes that nobody could look at may be what is full.
    return { kind: "absent", reason: processes.reason, detail: processes.detail };
  }
  if (fullest === undefined) {
    const detail = "no control group and no process has a memory limit";
    return { kind: "absent", reason: "no-metrics", detail };
  }
  const { name, use, service } = fullest;
  const accused = service === undefined ? {} : { service };
  return { kind: "measured", value: shareOf(use), detail: tellUse(name, use), ...accused };
}

/** A process against its limit; none for one without. */
function placeOf(process: ProcessUse, processLimit: number | undefined): readonly Place[] {
  const { service, pid, residentBytes, maxMemoryBytes } = process;
  const limitBytes = Math.min(processLimit ?? Infinity, maxMemoryBytes ?? Infinity);
  return Number.isFinite(limitBytes)
    ? [{ name: `${service} (${pid})`, use: { usedBytes: residentBytes, limitBytes }, service }]
    : [];
}
