import { join } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Pm2Record } from "./pm2-record.ts";
import type { Pm2Access } from "./pm2.ts";

/** Pids of the daemons of this home by the kernel's word: also of one whose socket and pid file are gone. */
export async function daemonsOf({ processes, settings }: Pm2Access): Promise<readonly number[]> {
  const pids = await processes.titled("PM2 v");
  const found = pids.map(async (pid) => {
    const { commandLine = "", parent } = (await processes.look(pid)) ?? {};
    const environment = await processes.environment(pid);
    // A title has room for a short home only; one that runs in the foreground may not have been told its home.
    const isHere =
      environment?.["PM2_HOME"] === settings.home || commandLine.includes(`(${settings.home})`);
    // What a daemon is just starting looks like it until its own program runs.
    const isChild = parent !== undefined && pids.includes(parent);
    return commandLine.includes(": God Daemon") && isHere && !isChild ? [pid] : [];
  });
  return (await Promise.all(found)).flat();
}

/** Services that outlived their daemon, such as `api (pid 12)`: they hold their ports, so that none can be started beside them. */
export async function servicesLeft({
  files,
  processes,
  settings,
}: Pm2Access): Promise<readonly string[]> {
  const folder = join(settings.home, "pids");
  const found = (await files.list(folder)).map(async (file) => {
    const pid = Number.parseInt((await files.readText(join(folder, file))) ?? "", 10);
    // The number may be another process's by now.
    const environment = pid > 1 ? await processes.environment(pid) : undefined;
    const isOurs = environment?.["PM2_HOME"] === settings.home && environment["name"] !== undefined;
    return isOurs ? [`${environment["name"]} (pid ${pid})`] : [];
  });
  return (await Promise.all(found)).flat();
}

/** Refuses to have a process ended that started us: pm2 ends all that descends from it, so also us, in the middle of our work. */
export async function requireStranger({ processes }: Pm2Access, record: Pm2Record): Promise<void> {
  const pid = record.pid ?? 0;
  if (pid !== 0 && (await processes.ancestors()).includes(pid)) {
    throw new Failure("refused", `rollwatch itself was started by ${record.name} (pid ${pid})`, {
      hint: `pm2 ends all that ${record.name} started together with it: run rollwatch from a shell, or under a systemd unit of its own.`,
    });
  }
}
