/** What the guard's own probe says: an answer, a failure, or nothing that speaks of the application. */
export type GuardReading =
  | { readonly kind: "good" }
  | { readonly kind: "bad"; readonly detail: string }
  | { readonly kind: "unknown"; readonly detail: string };

/** What a guard of a deployment does by itself, without the daemon. */
export interface GuardOutside {
  /** Asks the address once. */
  probe(url: string, signal: AbortSignal): Promise<GuardReading>;
  /** Pages people by every channel for pages, past the daemon's outbox; returns how many have it. */
  page(title: string, text: string, signal: AbortSignal): Promise<number>;
}
