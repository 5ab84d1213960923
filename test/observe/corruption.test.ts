import { describe, expect, it } from "vitest";
import { createCorruptionReader } from "../../src/observe/corruption.ts";
import type { AmcheckAnswer } from "../../src/system/postgres-amcheck.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const NEVER = new AbortController().signal;
const HOUR_MS = 3_600_000;
const DAMAGED: AmcheckAnswer = { kind: "corrupt", damaged: ["app.t"], detail: "page 0" };
const UNKNOWN: AmcheckAnswer = { kind: "unknown", why: "other", detail: "gave way" };

function aReader(...answers: readonly AmcheckAnswer[]) {
  const clock = createManualClock();
  const deadlines: number[] = [];
  const amcheck = {
    check: async ({ deadlineMs }: { readonly deadlineMs: number }) => {
      const answer = answers[deadlines.length] ?? ({ kind: "sound" } as const);
      deadlines.push(deadlineMs);
      return answer;
    },
  };
  const settings = { every: 24 * HOUR_MS, timeout: HOUR_MS };
  const read = createCorruptionReader(settings, { clock, amcheck, databaseUrl: "postgres://h/d" });
  return { clock, deadlines, read };
}

describe("what pg_amcheck says", () => {
  it("stands until it is due again, with its age", async () => {
    const { clock, deadlines, read } = aReader();

    const first = await read(NEVER);
    await clock.advance(23 * HOUR_MS);
    const later = await read(NEVER);
    await clock.advance(HOUR_MS);
    await read(NEVER);

    expect(first).toEqual({ kind: "measured", value: 0, detail: "pg_amcheck found nothing" });
    expect(later).toMatchObject({ value: 0, detail: "pg_amcheck found nothing, 23.0 hours ago" });
    // Two runs of it must fit into the time of one reading.
    expect(deadlines).toEqual([HOUR_MS / 2 - 5000, HOUR_MS / 2 - 5000]);
  });

  it("is bad when it found damage", async () => {
    expect(await aReader(DAMAGED).read(NEVER)).toMatchObject({
      kind: "measured",
      value: 1,
      detail: expect.stringContaining("app.t"),
    });
  });

  it("is asked for again soon when nothing was found out", async () => {
    const { clock, read } = aReader(UNKNOWN);

    const first = await read(NEVER);
    await clock.advance(HOUR_MS / 4);
    const second = await read(NEVER);

    expect(first).toEqual({ kind: "absent", reason: "no-metrics", detail: "gave way" });
    expect(second).toMatchObject({ value: 0 });
  });

  it("needs rights, which are the database administrator's to give", async () => {
    const rights: AmcheckAnswer = { kind: "unknown", why: "rights", detail: "grant it" };

    expect(await aReader(rights).read(NEVER)).toMatchObject({ reason: "credentials" });
  });
});
