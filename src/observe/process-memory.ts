import { Failure, messageOf } from "../model/failure.ts";
import type { AbsenceReason } from "../model/sample.ts";
import type { Memory } from "../system/memory.ts";
import type { Pm2 } from "../system/pm2.ts";

/** The memory of one process of the application, in bytes. */
export interface ProcessUse {
  readonly service: string;
  readonly pid: number;
  readonly residentBytes: number;
  /** Where pm2 restarts it; absent when it is not told to. */
  readonly maxMemoryBytes?: number;
}

/** The application's processes, or why pm2 did not name them. */
export type MeasuredProcesses =
  | { readonly kind: "measured"; readonly processes: readonly ProcessUse[] }
  | {
      readonly kind: "unknown";
      readonly reason: Extract<AbsenceReason, "pm2-hung" | "pm2-dead">;
      readonly detail: string;
    };

/** Measures every process of the services that still runs when it is looked at. */
export async function measureProcesses(
  { memory, pm2 }: { readonly memory: Memory; readonly pm2: Pm2 },
  services: readonly string[],
  signal: AbortSignal,
): Promise<MeasuredProcesses> {
  try {
    const known = await pm2.services(services, signal);
    const running = known.flatMap(({ name, instances }) =>
      instances.filter((one) => one.pid > 0).map((one) => ({ service: name, ...one })),
    );
    const measured = await Promise.all(
      running.map(async ({ service, pid, maxMemoryBytes }) => {
        const residentBytes = await memory.residentBytes(pid, signal);
        const limit = maxMemoryBytes === undefined ? {} : { maxMemoryBytes };
        return residentBytes === undefined ? [] : [{ service, pid, residentBytes, ...limit }];
      }),
    );
    return { kind: "measured", processes: measured.flat() };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Failure && error.code === "pm2-unreachable") {
      const daemon = await pm2.daemon(signal);
      const reason = daemon.kind === "dead" ? "pm2-dead" : "pm2-hung";
      return { kind: "unknown", reason, detail: messageOf(error) };
    }
    throw error;
  }
}
