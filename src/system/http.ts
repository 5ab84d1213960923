/** A GET of a probe, with all its limits. */
export interface Ask {
  readonly url: string;
  readonly timeoutMs: number;
  /** Decoded body bytes after which the answer is `oversize`. */
  readonly maxBodyBytes: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Seconds spent in each part of a request, from the moment it was due. */
export interface Phases {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** What came back. All kinds but `local` are the target's doing. */
export type Answer =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly body: string;
      readonly phases: Phases;
    }
  | {
      readonly kind: "failed";
      readonly reason:
        | "refused"
        | "reset"
        | "timeout"
        | "oversize"
        | "bad-answer"
        | "tls"
        | "unreachable";
      readonly detail: string;
      readonly phases: Phases;
    }
  | {
      readonly kind: "local";
      readonly reason: "name-resolution" | "out-of-descriptors";
      readonly detail: string;
    };

/** HTTP for probes: a fresh connection each time, redirects not followed, identity encoding only. */
export interface Http {
  ask(request: Ask, signal: AbortSignal): Promise<Answer>;
}
