import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { HostPort, partsOf } from "../../model/host-port.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration } from "../../model/units.ts";
import { type NameRecords, RECORD_TYPES, type Resolver } from "../../system/resolver.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";

/** Resolves a name and measures 1 when there is none or another answer than expected, else 0. */
export const DnsProbeSettings = z.strictObject({
  kind: z.literal("dns"),
  /** The name to ask for, such as `www.example.org`. */
  name: z
    .string()
    .max(253)
    .regex(
      /^[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$/u,
      "expected a name such as www.example.org",
    ),
  /** The type of its record: A, AAAA, CNAME, MX, TXT or SRV. Default A. */
  type: z.enum(RECORD_TYPES).default("A"),
  /** What the answer must be, as zone files write it (`10 mail.example.org`), in any order. Default: anything. */
  expect: z.array(z.string().min(1)).min(1).optional(),
  /** The resolver to ask: an address, with a port where it is not 53. Default: those of this machine. */
  server: z
    .string()
    .refine(isServer, "expected an address such as 192.0.2.53 or 192.0.2.53:5353")
    .optional(),
  /** Time between two questions. Default 30s. */
  interval: PositiveDuration.prefault("30s"),
  /** After this long no resolver could be asked, which is nobody's fault. Default 5s. */
  timeout: PositiveDuration.prefault("5s"),
});
export type DnsProbeSettings = z.infer<typeof DnsProbeSettings>;

/** Whether a text is a numeric address, with or without a port: a resolver with a name would have to be resolved. */
function isServer(text: string): boolean {
  if (z.ipv4().or(z.ipv6()).safeParse(text).success) {
    return true;
  }
  const { host } = partsOf(text);
  return HostPort.safeParse(text).success && z.ipv4().or(z.ipv6()).safeParse(host).success;
}

/** A probe that measures 1 while the name leads nowhere, or elsewhere. */
export function createDnsProbe(
  name: string,
  settings: DnsProbeSettings,
  { resolver }: { readonly resolver: Resolver },
): Probe {
  const { interval, timeout, type, server } = settings;
  const question = {
    name: settings.name,
    type,
    timeoutMs: timeout,
    ...(server === undefined ? {} : { server }),
  };
  return {
    signal: name,
    kind: settings.kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) => readingOf(await resolver.resolve(question, signal), settings),
  };
}

function readingOf(records: NameRecords, { name, type, expect }: DnsProbeSettings): Reading {
  switch (records.kind) {
    case "no-resolver": {
      const detail = `nobody could resolve ${name}: ${records.detail}`;
      return { kind: "absent", reason: "name-resolution", detail };
    }
    case "no-such-name":
      return bad(`there is no name ${name}`);
    case "nothing":
      return bad(`${name} has no record of type ${type}`);
    case "found": {
      const found = tellValues(records.values);
      if (expect === undefined || isSame(records.values, expect, type)) {
        return { kind: "measured", value: 0, detail: tellForeign(`${name} is ${found}`, []) };
      }
      return bad(`${name} is ${found}, expected ${tellValues(expect)}`);
    }
    default:
      return assertNever(records);
  }
}

/** Most records that are told. */
const MOST_TOLD = 4;

function tellValues(values: readonly string[]): string {
  const told = values.slice(0, MOST_TOLD).join(", ");
  return values.length > MOST_TOLD ? `${told} and ${values.length - MOST_TOLD} more` : told;
}

/** The same records in any order; but for texts case and the last dot of a name make no difference. */
function isSame(found: readonly string[], expected: readonly string[], type: string): boolean {
  function plain(values: readonly string[]): readonly string[] {
    const normal =
      type === "TXT" ? values : values.map((one) => one.toLowerCase().replace(/\.$/u, ""));
    return [...new Set(normal)].toSorted();
  }
  const [left, right] = [plain(found), plain(expected)];
  return left.length === right.length && left.every((value, place) => value === right[place]);
}

function bad(detail: string): Reading {
  return { kind: "measured", value: 1, detail: tellForeign(detail, []) };
}
