import type { Processes } from "./process.ts";

/** The program that started rollwatch as its service, such as systemd. */
export interface ServiceManager {
  /** Tells it lines such as `READY=1`; false where it could not be told. Never throws but for the signal. */
  tell(lines: readonly string[], signal: AbortSignal): Promise<boolean>;
}

/** systemd's own program waits until systemd has read what it said. */
const DEADLINE_MS = 5000;

/** systemd at its socket, told by `systemd-notify`: Node has no datagram sockets of this kind. */
export function openServiceManager(
  socket: string,
  processes: Pick<Processes, "run">,
  environment: Readonly<Record<string, string>>,
): ServiceManager {
  return {
    tell: async (lines, signal) => {
      const command = {
        program: "systemd-notify",
        args: [...lines],
        cwd: "/",
        env: { ...environment, NOTIFY_SOCKET: socket },
        deadlineMs: DEADLINE_MS,
      };
      const { kind, status } = await processes.run(command, signal);
      return kind === "exited" && status === 0;
    },
  };
}
