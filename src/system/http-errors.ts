import { messageOf } from "../model/failure.ts";
import type { Answer } from "./http.ts";

type Failed = Extract<Answer, { kind: "failed" }>;
type Local = Extract<Answer, { kind: "local" }>;

/** Why an exchange failed on this side. */
export type LocalReason = Local["reason"];

const LOCAL_REASONS: Readonly<Record<string, LocalReason>> = {
  ENOTFOUND: "name-resolution",
  EAI_AGAIN: "name-resolution",
  EMFILE: "out-of-descriptors",
  ENFILE: "out-of-descriptors",
  ENETUNREACH: "no-route",
  // What a packet filter of this machine answers.
  EPERM: "no-route",
  // No port of our own is left.
  EADDRNOTAVAIL: "out-of-resources",
  ENOBUFS: "out-of-resources",
  ENOMEM: "out-of-resources",
};

const FAILED_REASONS: Readonly<Record<string, Failed["reason"]>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "reset",
  ECONNABORTED: "reset",
  EPIPE: "reset",
  ETIMEDOUT: "timeout",
  EHOSTUNREACH: "unreachable",
};

/** The reason on this side behind the code of an error; undefined when the fault is the other side's. */
export function localReasonOf(code: string): LocalReason | undefined {
  return LOCAL_REASONS[code];
}

/** Whose doing a failed exchange is, and what happened; `beforeTls` when the connection was not yet secured. */
export function explainHttpError(
  error: unknown,
  beforeTls: boolean,
): Omit<Failed, "phases"> | Local {
  const code = codeOf(error);
  // OpenSSL ends its sentences with a line break.
  const message = messageOf(error)
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
  const detail = code === "" ? message : `${code}: ${message}`;
  const local = localReasonOf(code);
  if (local !== undefined) {
    return { kind: "local", reason: local, detail };
  }
  return { kind: "failed", reason: FAILED_REASONS[code] ?? otherReason(code, beforeTls), detail };
}

function otherReason(code: string, beforeTls: boolean): Failed["reason"] {
  if (beforeTls) {
    return "tls";
  }
  // What has no code was closed by the other side: Node names every error of its parser.
  return code === "" ? "reset" : "bad-answer";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
