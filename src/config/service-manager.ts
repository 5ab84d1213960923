import type { Environment } from "./environment.ts";

/** What systemd tells a service of `Type=notify` about itself. */
export interface ServiceManagerSettings {
  /** The address of its socket, a path or an abstract name. */
  readonly socket: string;
  /** After this many milliseconds without a word the service is ended; absent where no watchdog is asked for. */
  readonly watchdogMs?: number;
}

/** What is said there to this process; undefined where no service manager started it. */
export function serviceManagerOf(
  environment: Environment,
  pid: number,
): ServiceManagerSettings | undefined {
  const { NOTIFY_SOCKET: socket, WATCHDOG_USEC: usec, WATCHDOG_PID: watched } = environment;
  if (socket === undefined || socket === "") {
    return undefined;
  }
  const watchdogMs = Number(usec ?? "") / 1000;
  const isMine = watched === undefined || watched === String(pid);
  return isMine && watchdogMs > 0 ? { socket, watchdogMs } : { socket };
}
