import { kill, pid } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { openMarks } from "../../../src/observe/marks.ts";
import { createSyntheticAlertProbe } from "../../../src/observe/probes/synthetic-alert.ts";
import { SyntheticAlertProbeSettings } from "../../../src/observe/synthetic-settings.ts";
import type { Reading } from "../../../src/model/sample.ts";
import { openClock } from "../../../src/system/clock.ts";
import { openFiles } from "../../../src/system/files.ts";
import { openHttp } from "../../../src/system/http.ts";
import { openIds } from "../../../src/system/ids.ts";
import { openStatements } from "../../../src/system/postgres-statements.ts";
import { openWebsocket } from "../../../src/system/websocket.ts";

/** A call of a port, and whether the process is killed before it, while it is under way, or after it. */
export interface Death {
  readonly call: "writeAtomic" | "converse" | "ask" | "find" | "run" | "remove";
  readonly when: "before" | "within" | "after";
  /** Which of its calls, from 1. Default 1. */
  readonly nth?: number;
}

/** What is run. */
export interface ProbeOrder {
  readonly settings: unknown;
  readonly state: string;
  readonly databaseUrl: string;
  /** Default: it lives. */
  readonly death?: Death;
  /** How far the wall clock is ahead. Default 0. */
  readonly aheadMs?: number;
}

/** So long a call has been under way when the process dies within it. */
const WITHIN_MS = 60;

/** One run of the probe over the real ports; with a death in it the process kills itself. */
export async function runProbe(order: ProbeOrder): Promise<Reading> {
  const { settings, state, databaseUrl, death, aheadMs = 0 } = order;
  const real = openClock();
  const clock = { ...real, now: () => real.now() + aheadMs };
  const files = mortal(openFiles(), death);
  const probe = createSyntheticAlertProbe("alarm", SyntheticAlertProbeSettings.parse(settings), {
    clock,
    http: mortal(openHttp(clock), death),
    websocket: mortal(openWebsocket(clock), death),
    statements: mortal(openStatements(clock), death),
    databaseUrl,
    marks: openMarks({ files, ids: openIds(), clock }, state),
  });
  return probe.sample(new AbortController().signal);
}

function mortal<T extends object>(port: T, death: Death | undefined): T {
  let calls = 0;
  return new Proxy(port, {
    get: (target, key): unknown => {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== "function" || key !== death?.call) {
        return member;
      }
      return async (...args: readonly unknown[]): Promise<unknown> => {
        calls += 1;
        if (calls !== (death.nth ?? 1)) {
          return Reflect.apply(member, target, args);
        }
        dieIf(death.when === "before");
        const answer: unknown = Reflect.apply(member, target, args);
        if (death.when === "within") {
          await Promise.race([answer, sleep(WITHIN_MS)]);
          dieIf(true);
        }
        await answer;
        dieIf(true);
        return answer;
      };
    },
  });
}

function dieIf(isDue: boolean): void {
  if (isDue) {
    kill(pid, "SIGKILL");
  }
}
