import { z } from "zod";

/** A host, without the brackets of an IPv6 address, and a port from 1 to 65535. */
interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** The parts of a text that `HostPort` took for an address. */
export function partsOf(address: string): HostAndPort {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, colon).replaceAll(/[[\]]/gu, "");
  return { host, port: Number(address.slice(colon + 1)) };
}

/** An address as people write it: `127.0.0.1:5432`, `db.internal:5432`, `[::1]:5432`. */
export const HostPort = z
  .string()
  .regex(/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?):\d{1,5}$/u, {
    error: "expected host:port such as 127.0.0.1:5432",
    abort: true,
  })
  .refine((text) => {
    const { port } = partsOf(text);
    return port > 0 && port <= 65_535;
  }, "expected a port from 1 to 65535");
