import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import { HostPort, partsOf } from "../../model/host-port.ts";
import type { Reading } from "../../model/sample.ts";
import { PositiveDuration, tellDays, tellTime } from "../../model/units.ts";
import type { Certificate, CertificateAnswer, Certificates } from "../../system/certificates.ts";
import type { Clock } from "../../system/clock.ts";
import { tellMilestones, tellUnconnected } from "../exchange.ts";
import { tellForeign } from "../foreign-text.ts";
import type { Probe } from "../probe.ts";

/** Looks at the certificate of an address and measures 1 when it does not hold or soon will not, else 0. */
export const TlsProbeSettings = z.strictObject({
  kind: z.literal("tls"),
  /** Host and port, such as `www.example.org:443`. */
  address: HostPort,
  /** The name that the certificate must be for. Default: the host of the address. */
  servername: z
    .string()
    .regex(/^[A-Za-z0-9:.*_-]+$/u, "expected a host's name such as www.example.org")
    .optional(),
  /** Whether a trusted authority must stand behind it; `false` takes one that signed itself. Default true. */
  trusted: z.boolean().default(true),
  /** A file of certificates in PEM, absolute: trusted instead of Node's own authorities. Default: those. */
  authority: z
    .string()
    .regex(/^\/[^\0]*$/u, "expected an absolute path")
    .optional(),
  /** How long before its end it is bad. Default 14d. */
  expiresWithin: PositiveDuration.prefault("14d"),
  /** Time between two looks. Default 10m. */
  interval: PositiveDuration.prefault("10m"),
  /** After this long without a certificate the target failed. Default 5s. */
  timeout: PositiveDuration.prefault("5s"),
});
export type TlsProbeSettings = z.infer<typeof TlsProbeSettings>;

/** What the probe looks and reckons with. */
export interface TlsProbePorts {
  readonly certificates: Certificates;
  readonly clock: Clock;
}

/** A probe that measures 1 while the certificate is none that a client would take, or will be none soon. */
export function createTlsProbe(
  name: string,
  settings: TlsProbeSettings,
  { certificates, clock }: TlsProbePorts,
): Probe {
  const { kind, address, servername, authority, interval, timeout } = settings;
  const { host, port } = partsOf(address);
  const question = {
    host,
    port,
    name: servername ?? host,
    timeoutMs: timeout,
    ...(authority === undefined ? {} : { authority }),
  };
  return {
    signal: name,
    kind,
    intervalMs: interval,
    timeoutMs: timeout,
    sample: async (signal) =>
      readingOf(await certificates.look(question, signal), settings, clock.now()),
  };
}

function readingOf(answer: CertificateAnswer, settings: TlsProbeSettings, now: number): Reading {
  switch (answer.kind) {
    case "local":
      return { kind: "absent", reason: answer.reason, detail: answer.detail };
    case "unreadable":
      return { kind: "absent", reason: "credentials", detail: `no authority: ${answer.detail}` };
    case "failed":
      return { kind: "measured", value: 1, detail: tellUnconnected(answer) };
    case "shown": {
      const { certificate, milestones } = answer;
      const faults = faultsOf(certificate, settings, now);
      const validity = tellValidity(certificate, now);
      const told = tellForeign([...faults, validity].join("; "), []);
      const detail = `${told} (${tellMilestones(milestones)})`;
      return { kind: "measured", value: faults.length > 0 ? 1 : 0, detail };
    }
    default:
      return assertNever(answer);
  }
}

function faultsOf(
  { validFrom, validTo, wrongName, untrusted }: Certificate,
  { trusted, expiresWithin }: TlsProbeSettings,
  now: number,
): readonly string[] {
  const isOutOfDate = now < validFrom || now >= validTo;
  const isEnding = !isOutOfDate && validTo - now < expiresWithin;
  return [
    ...(now < validFrom ? ["its certificate is not yet valid"] : []),
    ...(now >= validTo ? ["its certificate has expired"] : []),
    ...(isEnding ? ["its certificate expires soon"] : []),
    ...(wrongName === undefined ? [] : [wrongName]),
    // The end of its own time is told above; what else is expired then is known once it is renewed.
    ...(trusted && untrusted !== undefined && !isOutOfDate
      ? [`no trusted authority stands behind it (${untrusted})`]
      : []),
  ];
}

function tellValidity({ validFrom, validTo, issuer }: Certificate, now: number): string {
  const by = `from ${issuer}`;
  if (now < validFrom) {
    return `valid in ${tellDays(validFrom - now)}, on ${tellTime(validFrom)}, ${by}`;
  }
  return now < validTo
    ? `${tellDays(validTo - now)} left, until ${tellTime(validTo)}, ${by}`
    : `over for ${tellDays(now - validTo)}, since ${tellTime(validTo)}, ${by}`;
}
