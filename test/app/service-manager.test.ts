import { expect, it } from "vitest";
import type { Cycle } from "../../src/app/cycles.ts";
import { superviseWith } from "../../src/app/service-manager.ts";
import { openLog } from "../../src/system/log.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const COMPLETED: Cycle = { kind: "completed" };
const BLIND: Cycle = { kind: "blind", reason: "no probe has answered for 1m" };

/** A service manager that takes every word, or hangs, and the cycles of a daemon in the test's hand. */
function supervised(watchdogMs?: number) {
  const told: string[] = [];
  const clock = createManualClock();
  const stopping = new AbortController();
  const listeners: ((cycle: Cycle) => void)[] = [];
  let answer: Promise<boolean> = Promise.resolve(true);
  const supervision = superviseWith(
    {
      manager: {
        tell: async (lines) => {
          told.push(lines.join(" "));
          return answer;
        },
      },
      ...(watchdogMs === undefined ? {} : { watchdogMs }),
    },
    {
      clock,
      log: openLog({ level: "silent", secrets: [], fd: 1 }),
      cycles: {
        turned: () => undefined,
        onCycle: (next) => {
          listeners.push(next);
        },
      },
    },
    stopping.signal,
  );
  return {
    told,
    clock,
    supervision,
    stopping,
    cycle: (cycle: Cycle) => listeners[0]?.(cycle),
    answerWith: (next: Promise<boolean>) => {
      answer = next;
    },
  };
}

it("feeds the watchdog after completed cycles, four times in its time", async () => {
  const { told, clock, cycle } = supervised(60_000);

  for (let second = 0; second < 60; second += 1) {
    cycle(COMPLETED);
    await clock.advance(1000);
  }

  expect(told).toEqual(["WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1", "WATCHDOG=1"]);
});

it("feeds it neither after blind cycles nor where no watchdog is asked for", async () => {
  const blind = supervised(60_000);
  const without = supervised();

  blind.cycle(BLIND);
  without.cycle(COMPLETED);

  expect(blind.told).toEqual([]);
  expect(without.told).toEqual([]);
});

it("says nothing more while a word is not taken, and goes on after one that failed", async () => {
  const { told, clock, cycle, answerWith } = supervised(60_000);
  const rejects: ((error: Error) => void)[] = [];
  answerWith(new Promise((_resolve, reject) => rejects.push(reject)));

  cycle(COMPLETED);
  await clock.advance(30_000);
  cycle(COMPLETED);
  const whileItHung = [...told];
  rejects[0]?.(new Error("no such socket"));
  await clock.advance(1000);
  answerWith(Promise.resolve(true));
  cycle(COMPLETED);

  expect(whileItHung).toEqual(["WATCHDOG=1"]);
  expect(told).toEqual(["WATCHDOG=1", "WATCHDOG=1"]);
});

it("says that it is ready and that it ends, and feeds nothing after that", async () => {
  const { told, cycle, supervision, stopping } = supervised(60_000);

  supervision.ready("watching app");
  stopping.abort("SIGTERM");
  cycle(COMPLETED);
  await supervision.stopping();

  expect(told).toEqual(["READY=1 STATUS=watching app", "STOPPING=1 STATUS=ending"]);
});
