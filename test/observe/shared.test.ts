import { describe, expect, it } from "vitest";
import { share, type Shared } from "../../src/observe/shared.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";

interface Asked {
  readonly clock: ManualClock;
  readonly shared: Shared<number>;
  readonly questions: readonly AbortSignal[];
}

const NEVER = new AbortController().signal;

/** A question that takes a second; its answers count up from 1. */
function aQuestion(): Asked {
  const clock = createManualClock();
  const questions: AbortSignal[] = [];
  const shared = share(async (signal) => {
    questions.push(signal);
    const count = questions.length;
    await clock.sleep(1000, signal);
    return count;
  }, clock);
  return { clock, shared, questions };
}

describe("a shared question", () => {
  it("is asked once for all who wait for it", async () => {
    const { clock, shared, questions } = aQuestion();

    const answers = Promise.all([shared.ask(500, NEVER), shared.ask(0, NEVER)]);
    await clock.advance(1000);

    expect(await answers).toEqual([1, 1]);
    expect(questions).toHaveLength(1);
  });

  it("is asked again when the newest answer is too old, counted from its asking", async () => {
    const { clock, shared } = aQuestion();
    const first = shared.ask(500, NEVER);
    await clock.advance(1000);
    await first;

    const young = await shared.ask(1001, NEVER);
    const second = shared.ask(1000, NEVER);
    await clock.advance(1000);

    expect([young, await second]).toEqual([1, 2]);
  });

  it("leaves one who aborts, and goes on for the others", async () => {
    const { clock, shared, questions } = aQuestion();
    const leaving = new AbortController();
    const reason = new Error("no time");
    const left = shared.ask(500, leaving.signal);
    const staying = shared.ask(500, NEVER);

    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    await clock.advance(1000);

    expect(await staying).toBe(1);
    expect(questions).toHaveLength(1);
  });

  it("is given up when all have aborted, and asked afresh by the next", async () => {
    const { clock, shared, questions } = aQuestion();
    const leaving = new AbortController();
    const left = shared.ask(500, leaving.signal);
    leaving.abort(new Error("no time"));
    await expect(left).rejects.toThrow("no time");

    const next = shared.ask(500, NEVER);
    await clock.advance(1000);

    expect(questions[0]?.aborted).toBe(true);
    expect(await next).toBe(2);
  });

  it("that failed is asked again", async () => {
    const clock = createManualClock();
    let count = 0;
    const shared = share(async () => {
      count += 1;
      if (count === 1) {
        throw new Error("broken");
      }
      return count;
    }, clock);

    await expect(shared.ask(500, NEVER)).rejects.toThrow("broken");
    expect(await shared.ask(500, NEVER)).toBe(2);
  });

  it("is not asked for a signal that was aborted before", async () => {
    const { shared, questions } = aQuestion();
    const reason = new Error("stop");

    await expect(shared.ask(500, AbortSignal.abort(reason))).rejects.toBe(reason);
    expect(questions).toEqual([]);
  });
});
