import type { FastifyRequest } from "fastify";
import type { Access, Person } from "../model/people.ts";
import { BY_HEADER, type ProblemDetails } from "./contract.ts";
import type { Limiter } from "./limiter.ts";
import { asOperator, isSecret, type People } from "./people.ts";

/** Whether a request may do what it asks for: the person behind it, or the problem it is answered with. */
export type Admission =
  | { readonly kind: "admitted"; readonly by: Person }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly problem: Pick<ProblemDetails, "code" | "detail" | "hint">;
    };

/** What a door knows the people by. */
export interface DoorParts {
  readonly people: People;
  /** Of wrong tokens. */
  readonly limiter: Limiter;
}

/** The name of an operator who gave none. */
const UNNAMED = "operator";
const TOKEN_HINT = "send Authorization: Bearer with the token of a contact in people.contacts";
const METRICS_HINT = "send Authorization: Bearer with server.metrics.token";
const JSON_TYPE = /^application\/json\s*(;|$)/iu;

/** Who reads and acts over TCP: whoever shows a token, and no page of another site. */
export function admitOverTcp(parts: DoorParts, request: FastifyRequest, access: Access): Admission {
  const { authorization } = request.headers;
  const stranger = refuseOtherSite(request);
  if (stranger !== undefined) {
    return stranger;
  }
  const type = request.headers["content-type"] ?? "";
  if (request.method === "POST" && !JSON_TYPE.test(type)) {
    return refused(415, "only JSON is read here", "send content-type: application/json");
  }
  return authorization === undefined
    ? tokenMissing()
    : admitToken(parts, authorization, access, (person) => person);
}

/** Who reads and acts over the socket: its only user, the operator of this host; with a token also the person it proves. */
export function admitOverSocket(
  parts: DoorParts,
  request: FastifyRequest,
  access: Access,
): Admission {
  const { authorization } = request.headers;
  if (authorization !== undefined && access !== "read") {
    return admitToken(parts, authorization, access, asOperator);
  }
  const operator = operatorNamed(parts.people, request.headers[BY_HEADER]);
  if (operator === undefined) {
    const hint = "letters, digits, spaces and . _ @ ' -, at most 80, percent-encoded";
    return refused(400, `the header ${BY_HEADER} holds no name`, hint);
  }
  return operator.access.includes(access) ? { kind: "admitted", by: operator } : tokenMissing();
}

/** The answer to a scraper that does not show the token of the metrics; undefined for one that does. */
export function refuseScraper(
  { token, limiter }: { readonly token: string; readonly limiter: Limiter },
  authorization: string | undefined,
): Refusal | undefined {
  const shown = bearerOf(authorization);
  if (shown === undefined) {
    return unauthorized("the metrics need their token", METRICS_HINT);
  }
  return isSecret(token, shown) ? undefined : refuseToken(limiter, METRICS_HINT);
}

/** The answer to another site's page, which may not act here; undefined for whoever else asks. */
export function refuseOtherSite({ headers }: FastifyRequest): Refusal | undefined {
  const { origin, host } = headers;
  if (origin === undefined || origin.toLowerCase() === `http://${host ?? ""}`.toLowerCase()) {
    return undefined;
  }
  const hint = "ask without an Origin header, or from rollwatch's own page";
  return refused(403, "another site may not act here", hint);
}

/** The token that a request shows; undefined when it shows none. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer +(\S+) *$/iu.exec(authorization ?? "")?.[1];
}

function admitToken(
  { people, limiter }: DoorParts,
  authorization: string,
  access: Access,
  extend: (person: Person) => Person,
): Admission {
  const token = bearerOf(authorization);
  const person = token === undefined ? undefined : people.byToken(token);
  if (person === undefined) {
    return refuseToken(limiter);
  }
  const by = extend(person);
  if (!allows(by, access)) {
    const hint = `it needs access: [${access}] of the contact in people.contacts`;
    return refused(403, `the token of ${by.name} does not allow to ${access}`, hint);
  }
  return { kind: "admitted", by };
}

/** However many wrong tokens came, the right one is still heard: else whoever reaches the port could keep people from approving. */
function refuseToken(limiter: Limiter, hint = TOKEN_HINT): Refusal {
  const waitMs = limiter.waitMs();
  if (waitMs === 0) {
    limiter.fail();
    return unauthorized("this token is nobody's", hint);
  }
  const retry = { "retry-after": String(Math.ceil(waitMs / 1000)) };
  const advice = "wait for the time that Retry-After says";
  return { ...refused(429, "too many wrong tokens", advice), headers: retry };
}

/** Whoever may act may read, but for programs that only tell what they see. */
function allows({ access }: Person, what: Access): boolean {
  return what === "read" ? access.some((one) => one !== "signal") : access.includes(what);
}

function operatorNamed(
  people: People,
  header: string | readonly string[] | undefined,
): Person | undefined {
  if (header === undefined) {
    return people.operator(UNNAMED);
  }
  try {
    return people.operator(decodeURIComponent(String(header)));
  } catch {
    return undefined;
  }
}

export type Refusal = Extract<Admission, { readonly kind: "refused" }>;

function refused(status: number, detail: string, hint: string): Refusal {
  const problem = { code: "not-permitted", detail, hint };
  return { kind: "refused", status, headers: {}, problem };
}

function tokenMissing(): Refusal {
  return unauthorized("this needs a person's token");
}

function unauthorized(detail: string, hint = TOKEN_HINT): Refusal {
  return { ...refused(401, detail, hint), headers: { "www-authenticate": "Bearer" } };
}
