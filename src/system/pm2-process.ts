import { Failure } from "../model/failure.ts";
import { ask, list, requireDaemon } from "./pm2-daemon.ts";
import { requireStranger } from "./pm2-kernel.ts";
import { statusOf, toInstance } from "./pm2-record.ts";
import type { Pm2Record } from "./pm2-record.ts";
import type { Pm2Access } from "./pm2.ts";
import type { ProcessFacts } from "./process-table.ts";

/** One process of a service. The id alone may be another service's by the time it is used. */
export interface ProcessAddress {
  readonly service: string;
  readonly id: number;
}

/** Longest stop or start of one process; the caller's signal is usually earlier. */
export const EFFECT_MS = 120_000;
const POLL_MS = 50;

/**
 * Stops one process and waits until it is gone. A launching one is left to become ready, or to run out of its time, first: pm2 takes one
 * that ends before that for a crash, forgets that it was told to stop, and starts it again.
 */
export async function stop(
  pm2: Pm2Access,
  address: ProcessAddress,
  signal: AbortSignal,
): Promise<void> {
  await requireDaemon(pm2, signal);
  const { listenTimeoutMs } = toInstance(await find(pm2, address, signal));
  const end = pm2.clock.deadline(EFFECT_MS + listenTimeoutMs, signal);
  let record = await find(pm2, address, end);
  while (statusOf(record) !== "stopped") {
    if (statusOf(record) === "launching") {
      await pm2.clock.sleep(POLL_MS, end);
    } else {
      await stopOnce(pm2, record, end);
    }
    record = await find(pm2, address, end);
  }
}

/** Starts a stopped process with the definition and environment that pm2 holds; a running one is restarted. */
export async function restart(
  pm2: Pm2Access,
  address: ProcessAddress,
  signal: AbortSignal,
): Promise<void> {
  await requireDaemon(pm2, signal);
  const record = await find(pm2, address, signal);
  await requireStranger(pm2, record);
  const status = statusOf(record);
  // In any other state pm2 would start a second process beside one that is on its way, or refuse.
  if (status !== "online" && status !== "stopped" && status !== "errored") {
    await stop(pm2, address, signal);
  }
  // The empty environment is what is merged into the process's own: nothing of ours.
  const call = { method: "restartProcessId", args: [{ id: address.id, env: {} }] };
  await ask(pm2, call, EFFECT_MS, signal);
}

async function stopOnce(pm2: Pm2Access, record: Pm2Record, end: AbortSignal): Promise<void> {
  await requireStranger(pm2, record);
  // One that waits for its restart keeps the number of a process that is gone.
  const pid = statusOf(record) === "waiting-restart" ? 0 : (record.pid ?? 0);
  const facts = pid === 0 ? undefined : await pm2.processes.look(pid);
  await ask(pm2, { method: "stopProcessId", args: [record.pm_id] }, EFFECT_MS, end);
  await untilGone(pm2, { pid, facts }, end);
}

async function find(
  pm2: Pm2Access,
  { service, id }: ProcessAddress,
  signal: AbortSignal,
): Promise<Pm2Record> {
  const found = (await list(pm2, signal)).find((one) => one.pm_id === id);
  if (found?.name !== service) {
    const holder = found === undefined ? "" : `; it is ${found.name}'s by now`;
    throw new Failure(
      "service-unknown",
      `pm2 has no process of ${service} with the id ${id}${holder}`,
      {
        hint: "Somebody deleted it meanwhile; look at `pm2 list` and start the service again.",
      },
    );
  }
  return found;
}

/** Waits until the pid is free or belongs to another process. */
async function untilGone(
  pm2: Pm2Access,
  process: { readonly pid: number; readonly facts: ProcessFacts | undefined },
  end: AbortSignal,
): Promise<void> {
  let now = process.facts;
  while (now !== undefined && now.startTicks === process.facts?.startTicks) {
    await pm2.clock.sleep(POLL_MS, end);
    now = await pm2.processes.look(process.pid);
  }
}
