import { readFile } from "node:fs/promises";
import { isIP } from "node:net";
import {
  checkServerIdentity,
  connect as secure,
  type PeerCertificate,
  type TLSSocket,
} from "node:tls";
import { messageOf } from "../model/failure.ts";
import type { Clock } from "./clock.ts";
import {
  type ConnectionCourse,
  type Knock,
  type Knocked,
  type Line,
  FAREWELL_MS,
  rejectAtEnd,
  sayFarewell,
  withConnection,
} from "./tcp.ts";

/** Whose certificate to look at. */
export interface CertificateQuestion extends Knock {
  /** The name that it must be for; also asked for, where it is no number. */
  readonly name: string;
  /** A file of certificates in PEM, absolute: trusted instead of Node's own authorities. */
  readonly authority?: string;
}

/** A certificate as it was shown, right or wrong. */
export interface Certificate {
  /** Ms since the epoch. */
  readonly validFrom: number;
  readonly validTo: number;
  /** Who signed it, as it says itself. */
  readonly issuer: string;
  /** Why it is not for the name; absent when it is. */
  readonly wrongName?: string;
  /** Why no trusted authority stands behind it; absent when one does. */
  readonly untrusted?: string;
}

/** What came of it. `unreadable` is the file of the authority. */
export type CertificateAnswer =
  | ({ readonly kind: "shown"; readonly certificate: Certificate } & ConnectionCourse)
  | { readonly kind: "unreadable"; readonly detail: string }
  | Exclude<Knocked, { kind: "open" }>;

/** Of the names of a wrong certificate so many characters are told. */
const LONGEST_NAMES = 60;

/** The certificates that others show. */
export interface Certificates {
  look(question: CertificateQuestion, signal: AbortSignal): Promise<CertificateAnswer>;
}

/** Certificates over Node's TLS: the connection ends when the certificate is known. */
export function openCertificates(clock: Clock): Certificates {
  return {
    look: async (question, signal) => {
      const ca = await authorityOf(question);
      return typeof ca === "object"
        ? ca
        : withConnection(clock, question, signal, async (line) =>
            shownOn(clock, line, question, ca),
          );
    },
  };
}

type Unreadable = Extract<CertificateAnswer, { kind: "unreadable" }>;

async function authorityOf({
  authority,
}: CertificateQuestion): Promise<string | undefined | Unreadable> {
  if (authority === undefined) {
    return undefined;
  }
  try {
    const text = await readFile(authority, "utf8");
    const detail = `${authority} holds no certificate`;
    return text.includes("-----BEGIN CERTIFICATE-----") ? text : { kind: "unreadable", detail };
  } catch (error) {
    return { kind: "unreadable", detail: messageOf(error) };
  }
}

async function shownOn(
  clock: Clock,
  { socket, deadline, reached, course }: Line,
  { name }: CertificateQuestion,
  ca: string | undefined,
): Promise<CertificateAnswer> {
  const secured = secure({
    socket,
    // Whatever is shown is looked at; what is wrong with it is told below.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(ca === undefined ? {} : { ca }),
  });
  try {
    await new Promise<void>((resolve, reject) => {
      secured.on("error", reject);
      secured.once("secureConnect", () => resolve());
      secured.once("close", () => reject(new Error("the connection was closed in the handshake")));
      rejectAtEnd(deadline, reject);
    });
    reached("tls");
    const certificate = certificateOf(secured, name);
    const shown = { kind: "shown", certificate, ...course() } as const;
    await sayFarewell(secured, clock.deadline(FAREWELL_MS, deadline));
    return shown;
  } finally {
    secured.destroy();
  }
}

function certificateOf(secured: TLSSocket, name: string): Certificate {
  const shown = secured.getPeerCertificate();
  const wrongName = wrongNameOf(shown, name);
  return {
    validFrom: Date.parse(shown.valid_from),
    validTo: Date.parse(shown.valid_to),
    issuer: [shown.issuer.O ?? shown.issuer.CN ?? "nobody"].flat().join(", "),
    ...(wrongName === undefined ? {} : { wrongName }),
    ...(secured.authorized ? {} : { untrusted: String(secured.authorizationError) }),
  };
}

function wrongNameOf(shown: PeerCertificate, name: string): string | undefined {
  const error = checkServerIdentity(name, shown);
  if (error === undefined) {
    return undefined;
  }
  const named = shown.subjectaltname ?? [shown.subject.CN ?? "nobody"].flat().join(", ");
  return `it is for ${named.length > LONGEST_NAMES ? `${named.slice(0, LONGEST_NAMES)}…` : named}, not for ${name}`;
}
