import { Resolver as NodeResolver } from "node:dns/promises";
import { assertNever } from "../model/assert-never.ts";
import { messageOf } from "../model/failure.ts";
import { tellDuration } from "../model/units.ts";
import { withChild } from "./abort.ts";
import type { Clock } from "./clock.ts";

/** The types of records that can be asked for. */
export const RECORD_TYPES = ["A", "AAAA", "CNAME", "MX", "TXT", "SRV"] as const;
type RecordType = (typeof RECORD_TYPES)[number];

/** A question about a name. */
export interface NameQuestion {
  readonly name: string;
  readonly type: RecordType;
  /** The resolver to ask, an address with or without port. Default: those of this machine. */
  readonly server?: string;
  readonly timeoutMs: number;
}

/** The answer; values as zone files have them (`10 mail.example.org`), without the last dot. */
export type NameRecords =
  | { readonly kind: "found"; readonly values: readonly string[] }
  /** A resolver says that there is no such name (`nothing`: none with a record of this type). */
  | { readonly kind: "no-such-name" | "nothing"; readonly detail: string }
  /** No resolver could answer. */
  | { readonly kind: "no-resolver"; readonly detail: string };

/** The domain name system, asked directly: `/etc/hosts` and caches of this machine have no say. */
export interface Resolver {
  resolve(question: NameQuestion, signal: AbortSignal): Promise<NameRecords>;
}

/** The domain name system over Node's own resolver. */
export function openResolver(clock: Clock): Resolver {
  return {
    resolve: async (question, signal) => {
      signal.throwIfAborted();
      return withChild(signal, async (own) => resolve(question, signal, own, clock));
    },
  };
}

async function resolve(
  question: NameQuestion,
  signal: AbortSignal,
  own: AbortSignal,
  clock: Clock,
): Promise<NameRecords> {
  const { server, timeoutMs } = question;
  // A lost packet is asked for again within the time; who never answers is given up by the deadline.
  const asked = new NodeResolver({ timeout: Math.max(1, Math.floor(timeoutMs / 3)), tries: 2 });
  if (server !== undefined) {
    asked.setServers([server]);
  }
  const deadline = clock.deadline(timeoutMs, own);
  deadline.addEventListener("abort", () => asked.cancel(), { once: true });
  try {
    return { kind: "found", values: await valuesOf(asked, question) };
  } catch (error) {
    signal.throwIfAborted();
    return deadline.aborted
      ? { kind: "no-resolver", detail: `no answer within ${tellDuration(timeoutMs)}` }
      : failureOf(error);
  }
}

async function valuesOf(
  asked: NodeResolver,
  { name, type }: NameQuestion,
): Promise<readonly string[]> {
  switch (type) {
    case "A":
      return asked.resolve4(name);
    case "AAAA":
      return asked.resolve6(name);
    case "CNAME":
      return asked.resolveCname(name);
    case "MX":
      return (await asked.resolveMx(name)).map((one) => `${one.priority} ${one.exchange}`);
    case "TXT":
      return (await asked.resolveTxt(name)).map((parts) => parts.join(""));
    case "SRV":
      return (await asked.resolveSrv(name)).map(
        ({ priority, weight, port, name: target }) => `${priority} ${weight} ${port} ${target}`,
      );
    default:
      return assertNever(type);
  }
}

function failureOf(error: unknown): NameRecords {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const detail = messageOf(error);
  if (code === "ENOTFOUND") {
    return { kind: "no-such-name", detail };
  }
  return code === "ENODATA" ? { kind: "nothing", detail } : { kind: "no-resolver", detail };
}
