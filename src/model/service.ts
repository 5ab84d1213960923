/** pm2's words for where a process is, with blanks made hyphens; anything newer is `other`. */
export const SERVICE_STATUSES = [
  "online",
  "launching",
  "stopping",
  "stopped",
  "waiting-restart",
  "errored",
  "one-launch-status",
  "other",
] as const;
export type ServiceStatus = (typeof SERVICE_STATUSES)[number];

/** One process that pm2 keeps. Times in ms since the epoch. */
export interface ServiceInstance {
  /** pm2's number for it; reassigned after a delete, so never kept longer than one tick. */
  readonly id: number;
  /** Unique to this start of this process. */
  readonly uniqueId: string;
  /** 0 when there is no process. */
  readonly pid: number;
  readonly status: ServiceStatus;
  /** Restarts since pm2 knows the service, automatic and manual. */
  readonly restarts: number;
  readonly startedAt: number;
  readonly cwd: string;
  readonly script: string;
  /** Whether pm2 itself restarts it after an exit. */
  readonly autorestart: boolean;
  /** How long pm2 waits after its first signal before it kills. */
  readonly killTimeoutMs: number;
  /** Whether pm2 calls it `launching` until it says that it is ready, and how long at most. */
  readonly waitReady: boolean;
  readonly listenTimeoutMs: number;
  /** Resident memory above which pm2 restarts it; absent when it is not told to. */
  readonly maxMemoryBytes?: number;
  /** Files that pm2 appends its output and its error output to; absent where pm2 names none. */
  readonly outLog?: string;
  readonly errorLog?: string;
  /** sha256 over definition and environment as pm2 holds them; the values themselves stay out of it. */
  readonly definitionHash: string;
}

/** A configured service as pm2 has it; no instances when pm2 does not know it. */
export interface Service {
  readonly name: string;
  readonly instances: readonly ServiceInstance[];
}

/**
 * The pm2 daemon of the application; `dead` and `hung` are answers of their own, never "no services". `doubled` means that a second one
 * runs for the same home: only one of them answers, and neither knows the other's processes.
 */
export type Pm2Daemon =
  | {
      readonly kind: "alive";
      readonly pid: number;
      readonly startedAt: number;
      readonly version: string;
    }
  | { readonly kind: "dead"; readonly reason: string }
  | { readonly kind: "hung"; readonly pid: number; readonly reason: string }
  | { readonly kind: "doubled"; readonly reason: string };

/** Whether a person stopped the service: all its processes are stopped although pm2 would restart them. */
export function isStoppedByPerson(service: Service): boolean {
  return (
    service.instances.length > 0 &&
    service.instances.every((one) => one.status === "stopped" && one.autorestart)
  );
}
