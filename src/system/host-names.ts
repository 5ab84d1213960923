import { lookup } from "node:dns/promises";
import { messageOf } from "../model/failure.ts";
import { unlessAborted } from "./abort.ts";

/** What this machine knows of a host's name. */
export type NameAnswer =
  | { readonly kind: "found" }
  /** Whoever was asked says that there is no such name. */
  | { readonly kind: "no-such-name"; readonly detail: string }
  /** Nobody could be asked. */
  | { readonly kind: "no-resolver"; readonly detail: string };

/** Names as the programs of this machine resolve them, `/etc/hosts` included. */
export interface HostNames {
  /** Rejects with the signal's reason when it aborts; the question itself goes on, and who asks again gets its answer. */
  find(name: string, signal: AbortSignal): Promise<NameAnswer>;
}

/** The machine's own resolver. A name is asked for once at a time: each question holds a thread that files need, too. */
export function openHostNames(): HostNames {
  const underWay = new Map<string, Promise<NameAnswer>>();

  async function ask(name: string): Promise<NameAnswer> {
    try {
      await lookup(name);
      return { kind: "found" };
    } catch (error) {
      const isUnknown = error instanceof Error && "code" in error && error.code === "ENOTFOUND";
      return { kind: isUnknown ? "no-such-name" : "no-resolver", detail: messageOf(error) };
    } finally {
      underWay.delete(name);
    }
  }

  return {
    find: async (name, signal) => {
      signal.throwIfAborted();
      const asked = underWay.get(name) ?? ask(name);
      underWay.set(name, asked);
      return unlessAborted(asked, signal);
    },
  };
}
