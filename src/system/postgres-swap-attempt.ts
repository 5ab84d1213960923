import { type Client, DatabaseError } from "pg";
import { z } from "zod";
import type { DatabasePair } from "../model/aside-database.ts";
import { messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import { type Session, withClient } from "./postgres-session.ts";
import { type Opening, SWAP_BUSY, swapMessage } from "./postgres-swap-message.ts";
import { ASK_TO_END } from "./postgres-swap-obstacles.ts";

/** What came of one attempt. `again`: nothing was swapped, or it is not known; look, and try again. */
export type SwapAttempt =
  | { readonly kind: "swapped"; readonly ms: number }
  | { readonly kind: "again"; readonly reason: string };

const END_EVERY_MS = 10;
const END_ONE = "select pg_terminate_backend($1)";

const Pids = z.array(z.object({ pid: z.number() }));

/** One attempt to swap. */
export interface Attempt {
  /** The database that both sessions connect to: neither of the two. */
  readonly outside: Session;
  readonly pair: DatabasePair;
  readonly opening: Opening;
  readonly mayEnd: readonly string[];
  readonly clock: Clock;
}

/** While one session swaps, another ends those that are in its way: a rename waits 5 s for them, and lets no new one in. */
export async function attemptSwap(about: Attempt, signal: AbortSignal): Promise<SwapAttempt> {
  const { outside, pair, opening, clock } = about;
  const over = new AbortController();
  return withClient(
    outside,
    async (swapper) =>
      withClient(
        outside,
        async (ender) => {
          const ending = endSessions(ender, about, over.signal).catch(() => undefined);
          const began = clock.monotonic();
          try {
            await swapper.query(swapMessage(pair, opening));
            return { kind: "swapped", ms: clock.monotonic() - began } as const;
          } catch (error) {
            signal.throwIfAborted();
            const reason = whyAgain(error);
            if (reason === undefined) {
              throw error;
            }
            return { kind: "again", reason } as const;
          } finally {
            over.abort();
            await ending;
          }
        },
        signal,
      ),
    signal,
  );
}

async function endSessions(
  client: Client,
  { pair, mayEnd, clock }: Attempt,
  signal: AbortSignal,
): Promise<void> {
  const parameters = [pair.replaced.oid, pair.next.oid, mayEnd];
  while (!signal.aborted) {
    for (const { pid } of Pids.parse((await client.query(ASK_TO_END, parameters)).rows)) {
      // Without its timeout: it would wait for one after the other. One that may not be ended is told by the rename.
      await client.query(END_ONE, [pid]).catch(() => undefined);
    }
    await clock.sleep(END_EVERY_MS, signal);
  }
}

const OBJECT_IN_USE = "55006";
const LOCK_NOT_AVAILABLE = "55P03";
/** The server shuts down, or has died. */
const GOING_AWAY = /^(57P0|08)/u;

/** Why the server may answer otherwise in a moment; undefined where it said no. A connection that broke said nothing. */
function whyAgain(error: unknown): string | undefined {
  if (!(error instanceof DatabaseError)) {
    return messageOf(error);
  }
  const { code = "", detail } = error;
  const mayPass =
    [SWAP_BUSY, OBJECT_IN_USE, LOCK_NOT_AVAILABLE].includes(code) || GOING_AWAY.test(code);
  return mayPass
    ? [error.message, detail].filter((one) => one !== undefined).join(": ")
    : undefined;
}
