import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/environment.ts";
import type { DoctorLine } from "../model/doctor.ts";
import { Failure, messageOf } from "../model/failure.ts";
import type { History } from "../model/history.ts";
import type { Listeners } from "../system/listeners.ts";
import type { World } from "./world.ts";

/** What the doctor looks with. */
export interface DoctorPorts {
  readonly config: Config;
  readonly world: World;
  readonly listeners: Listeners;
  readonly environment: Environment;
  /** The user that this command runs as; 0 is root. */
  readonly uid: number;
  /** Of this command, such as `v20.20.2`. */
  readonly nodeVersion: string;
  /** Whether a daemon answers on the state folder's socket. */
  readonly hasDaemon: boolean;
  readonly history: History;
  /** When the journal was last written; absent while it is empty. */
  readonly lastEntryAt?: number;
}

/** A line without its place in the report. */
export type Finding = Omit<DoctorLine, "area">;

/** One look; several lines where it is about several things. */
export interface Examination {
  readonly area: DoctorLine["area"];
  /** What is said of it when it cannot be made. */
  readonly check: string;
  readonly look: (ports: DoctorPorts, signal: AbortSignal) => Promise<readonly Finding[]>;
}

/** Longest time for one look; captures are read whole in one of them. */
const LOOK_MS = 120_000;

/** Makes a look; one that fails is a fault of what it looks at. */
export async function examine(
  { area, check, look }: Examination,
  ports: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly DoctorLine[]> {
  const deadline = ports.world.clock.deadline(LOOK_MS, signal);
  try {
    return (await look(ports, deadline)).map((finding) => ({ area, ...finding }));
  } catch (error) {
    signal.throwIfAborted();
    return [{ area, ...faultOf(check, error) }];
  }
}

/** What was thrown, as a fault with its own cure. */
export function faultOf(check: string, error: unknown): Finding {
  const cure = error instanceof Failure ? error.hint : "Look at the message; try again.";
  return fault(check, messageOf(error), cure);
}

/** Nothing to do. */
export function ok(check: string, detail: string): Finding {
  return { check, state: "ok", detail, cure: null };
}

/** Less than it could be. */
export function warning(check: string, detail: string, cure: string): Finding {
  return { check, state: "warning", detail, cure };
}

/** Something would go wrong. */
export function fault(check: string, detail: string, cure: string): Finding {
  return { check, state: "fault", detail, cure };
}

/** Bytes as people read them. */
export function tellBytes(bytes: number): string {
  return bytes >= GIB ? `${(bytes / GIB).toFixed(1)} GiB` : `${(bytes / MIB).toFixed(1)} MiB`;
}

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;
