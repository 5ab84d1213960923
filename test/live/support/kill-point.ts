import { z } from "zod";
import type { Fact } from "../../../src/model/facts.ts";

/** What happens at the point. */
const Strike = {
  signal: z.enum(["SIGKILL", "SIGTERM", "SIGSTOP"]),
  /** A file that grows until its file system is full, in place of the signal. */
  filler: z.string().optional(),
};

/** Where a daemon dies: at a record of its journal, or at an effect of a step. */
export const KillPoint = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("record"),
    when: z.enum(["before", "after"]),
    fact: z.string(),
    /** The step or the reason of the notice that the fact is about, or `own` for rollwatch's own change; any when absent. */
    about: z.string().optional(),
    ...Strike,
  }),
  z.object({
    kind: z.literal("effect"),
    /** `within`: the call has begun and has not returned. */
    when: z.enum(["before", "within", "after"]),
    step: z.string(),
    /** The port's call, such as `files.rename`. */
    call: z.string(),
    /** Which of the step's calls of that name, from 1. */
    nth: z.number(),
    ...Strike,
  }),
]);
export type KillPoint = z.infer<typeof KillPoint>;

/** The same point in few words: `switch:server, after rename 1`. */
export function tellPoint(point: KillPoint): string {
  if (point.kind === "effect") {
    const call = point.call.replace(/^.*\./u, "");
    return `${point.step}, ${point.when} ${call}${point.nth === 1 ? "" : ` ${point.nth}`}`;
  }
  const about = point.about === undefined ? "" : `${point.about}, `;
  return `${about}${point.when} ${point.fact}`;
}

/** Kill just before or just after a fact is written. */
export function atRecord(
  when: "before" | "after",
  fact: Fact["kind"],
  about?: string,
): KillPoint & { readonly kind: "record" } {
  const point = { kind: "record", when, fact, signal: "SIGKILL" } as const;
  return about === undefined ? point : { ...point, about };
}

/** Kill in the middle of a step's effect. */
export function atEffect(
  step: string,
  when: "before" | "within" | "after",
  call: string,
  nth = 1,
): KillPoint & { readonly kind: "effect" } {
  return { kind: "effect", when, step, call, nth, signal: "SIGKILL" };
}

/** What a fact is about, as `about` of a point means it. */
export function subjectOf(fact: Fact): string | undefined {
  if (fact.kind === "step-started" || fact.kind === "step-finished") {
    return fact.step;
  }
  if (fact.kind === "notice-queued") {
    return fact.notice.reason;
  }
  return fact.kind === "change-seen" && fact.change.plan !== undefined ? "own" : undefined;
}
