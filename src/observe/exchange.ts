import type { Reading } from "../model/sample.ts";
import { tellDuration } from "../model/units.ts";
import type { Milestone } from "../system/connection.ts";
import type { Answer, Phases } from "../system/http.ts";
import type { ConnectionFailed } from "../system/tcp.ts";

type FailedReason = Extract<Answer, { kind: "failed" }>["reason"];

/** Why an exchange with the target failed, in words. */
export const FAILURE_WORDS: Readonly<Record<FailedReason, string>> = {
  refused: "the connection was refused",
  reset: "the connection was broken off",
  timeout: "it did not answer in time",
  oversize: "its answer is too long",
  "bad-answer": "its answer is no valid HTTP",
  tls: "no secure connection came about",
  unreachable: "it cannot be reached",
};

/** The parts of a request of HTTP that are over. */
function milestonesOf(phases: Phases): readonly Milestone[] {
  const { resolveMs, connectMs, tlsMs, firstByteMs } = phases;
  const parts = { resolve: resolveMs, connect: connectMs, tls: tlsMs, "first byte": firstByteMs };
  return Object.entries(parts).flatMap(([name, atMs]) =>
    atMs === undefined ? [] : [{ name, atMs }],
  );
}

/** A request of HTTP that failed: why, and how far it came. */
export function tellFailure(failed: Extract<Answer, { kind: "failed" }>): string {
  const { reason, detail, phases } = failed;
  const course = tellFailedMilestones(milestonesOf(phases), phases.totalMs);
  return `${FAILURE_WORDS[reason]} (${detail}; ${course})`;
}

/** A connection that did not come about: why, and how far it came. */
export function tellUnconnected(failed: ConnectionFailed): string {
  const { reason, detail, milestones, totalMs } = failed;
  return `${FAILURE_WORDS[reason]} (${detail}; ${tellFailedMilestones(milestones, totalMs)})`;
}

/** The course of a request of HTTP that was answered whole. */
export function tellAnswered(phases: Phases): string {
  const whole = { name: "transfer", atMs: phases.totalMs };
  return tellMilestones([...milestonesOf(phases), whole]);
}

/** How long each part of an exchange took, such as `connect 1 ms, first byte 40 ms`. */
export function tellMilestones(milestones: readonly Milestone[]): string {
  return milestones
    .map(({ name, atMs }, place) => {
      const before = milestones[place - 1]?.atMs ?? 0;
      return `${name} ${tellDuration(atMs - before)}`;
    })
    .join(", ");
}

/** How far an exchange came that failed, such as `connect 1 ms, over after 1.5 s`. */
export function tellFailedMilestones(milestones: readonly Milestone[], totalMs: number): string {
  const reached = milestones.length === 0 ? "" : `${tellMilestones(milestones)}, `;
  return `${reached}over after ${tellDuration(totalMs)}`;
}

/** A 429: nothing is known of the target's health, and it says for how long to leave it alone. */
export function throttled(headers: Readonly<Record<string, string>>): Reading {
  const retryAfterMs = retryAfterMsOf(headers);
  return {
    kind: "absent",
    reason: "throttled",
    detail: "it asks us to slow down (429)",
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** `Retry-After` in seconds, or as a date beside the answer's own, so that our clock need not agree with the target's. */
function retryAfterMsOf(headers: Readonly<Record<string, string>>): number | undefined {
  const text = headers["retry-after"]?.trim() ?? "";
  const ms = /^\d+$/u.test(text)
    ? Number(text) * 1000
    : Date.parse(text) - Date.parse(headers["date"] ?? "");
  return Number.isFinite(ms) ? Math.max(ms, 0) : undefined;
}

/** Where a target wants to send us, without the query, which may carry a secret. */
export function tellRedirect(status: number, headers: Readonly<Record<string, string>>): string {
  const target = (headers["location"] ?? "nowhere").split("?")[0]?.slice(0, 120);
  return `it redirects to ${target} (${status})`;
}
