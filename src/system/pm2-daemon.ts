import { join } from "node:path";
import { z } from "zod";
import { Failure, messageOf } from "../model/failure.ts";
import type { Pm2Daemon } from "../model/service.ts";
import { CallError, callPm2 } from "./pm2-call.ts";
import { daemonsOf, servicesLeft } from "./pm2-kernel.ts";
import type { Call } from "./pm2-call.ts";
import { parseRecords } from "./pm2-record.ts";
import type { Pm2Record } from "./pm2-record.ts";
import type { Pm2Access } from "./pm2.ts";

/** A daemon that does not answer for this long hangs. */
const PING_MS = 1500;
/** Longest time for the list of processes; pm2 measures each of them for it. */
const LIST_MS = 5000;

/** What rollwatch reads of the daemon's report about itself; the rest holds its environment. */
const Report = z.object({ pm2_version: z.string(), started_at: z.number() });

/**
 * Looks for the daemon without ever starting one. An answer on the socket outweighs what the pid file says: both files stay behind when
 * the daemon is killed, and a SIGSTOPped one still accepts connections.
 */
export async function findDaemon(pm2: Pm2Access, signal: AbortSignal): Promise<Pm2Daemon> {
  const [answer, written, all] = await Promise.all([
    askReport(pm2, signal),
    daemonPid(pm2),
    daemonsOf(pm2),
  ]);
  const pid = written ?? all[0];
  if (answer.kind === "answered") {
    return all.length > 1
      ? { kind: "doubled", reason: `the processes ${all.join(" and ")} serve ${pm2.socket}` }
      : {
          kind: "alive",
          pid: pid ?? 0,
          startedAt: answer.report.started_at,
          version: answer.report.pm2_version,
        };
  }
  const reason = `${messageOf(answer.error)} at ${pm2.socket}`;
  if (!(answer.error instanceof CallError) || answer.error.kind !== "dead") {
    return { kind: "hung", pid: pid ?? 0, reason };
  }
  const process = pid === undefined ? "no daemon process" : `process ${pid} listens no more`;
  const left = (await servicesLeft(pm2)).join(", ");
  const running = left === "" ? "" : `; services that run on without it: ${left}`;
  return { kind: "dead", reason: `${process}: ${reason}${running}` };
}

/** The report serves as the ping: it says when the daemon started, and the daemon answers it as soon. */
async function askReport(
  pm2: Pm2Access,
  signal: AbortSignal,
): Promise<
  | { readonly kind: "answered"; readonly report: z.infer<typeof Report> }
  | { readonly kind: "silent"; readonly error: unknown }
> {
  try {
    const call = { method: "getReport", args: [{}] };
    const report = Report.parse(await callWithin(pm2, call, PING_MS, signal));
    return { kind: "answered", report };
  } catch (error) {
    signal.throwIfAborted();
    return { kind: "silent", error };
  }
}

/** pm2's list of processes. */
export async function list(pm2: Pm2Access, signal: AbortSignal): Promise<readonly Pm2Record[]> {
  const answer = await ask(pm2, { method: "getMonitorData", args: [{}] }, LIST_MS, signal);
  const parsed = z.array(z.unknown()).safeParse(answer);
  try {
    return parseRecords(parsed.data);
  } catch (error) {
    throw unreachable("pm2 answered with a list that rollwatch cannot read", error);
  }
}

/** A call whose failure is a `pm2-unreachable`, except where pm2 understood and refused. */
export async function ask(
  pm2: Pm2Access,
  call: Call,
  limitMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await callWithin(pm2, call, limitMs, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CallError && error.kind === "refused") {
      throw failed(`pm2 refused ${call.method}: ${error.message}`, error);
    }
    throw unreachable(`pm2 does not answer ${call.method}: ${messageOf(error)}`, error);
  }
}

/** The daemon, which must live. */
export async function requireDaemon(
  pm2: Pm2Access,
  signal: AbortSignal,
): Promise<Extract<Pm2Daemon, { kind: "alive" }>> {
  const daemon = await findDaemon(pm2, signal);
  if (daemon.kind !== "alive") {
    throw unreachable(`pm2 is ${daemon.kind}: ${daemon.reason}`);
  }
  return daemon;
}

/** The failure of everything that pm2 did not do as it was told. */
export function failed(message: string, cause?: unknown): Failure {
  return new Failure("program-failed", message, {
    hint: "Look at `pm2 list` and at pm2.log in the application's pm2 home.",
    cause,
  });
}

/** The failure of everything that needs a daemon where there is none. */
export function unreachable(message: string, cause?: unknown): Failure {
  return new Failure("pm2-unreachable", message, {
    hint: "Look whether the application's pm2 daemon runs (`ps`, not `pm2`: that would start an empty one).",
    cause,
  });
}

async function callWithin(
  pm2: Pm2Access,
  call: Call,
  limitMs: number,
  signal: AbortSignal,
): Promise<unknown> {
  return callPm2(pm2.socket, call, pm2.clock.deadline(limitMs, signal));
}

/** The pid in pm2's pid file, if that process runs and, where the kernel shows it, is a pm2 daemon. */
async function daemonPid(pm2: Pm2Access): Promise<number | undefined> {
  const text = await pm2.files.readText(join(pm2.settings.home, "pm2.pid"));
  const pid = Number.parseInt(text ?? "", 10);
  const facts = Number.isInteger(pid) && pid > 1 ? await pm2.processes.look(pid) : undefined;
  const isDaemon =
    facts !== undefined && (facts.commandLine ?? "God Daemon").includes("God Daemon");
  return isDaemon ? pid : undefined;
}
