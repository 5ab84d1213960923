import { describe, expect, it } from "vitest";
import { explainHttpError } from "../../src/system/http-errors.ts";

/** Code of the error, whether it came before TLS was up, and whose doing it is. */
const ROWS: readonly (readonly [string, boolean, string])[] = [
  ["ECONNREFUSED", false, "failed refused"], // nobody listens
  ["ECONNREFUSED", true, "failed refused"], // the same on an https address
  ["ECONNRESET", false, "failed reset"],
  ["ECONNRESET", true, "failed reset"], // closed in the handshake
  ["ECONNABORTED", false, "failed reset"],
  ["EPIPE", false, "failed reset"],
  ["ETIMEDOUT", false, "failed timeout"], // the kernel gave up before our deadline
  ["EHOSTUNREACH", false, "failed unreachable"],
  ["HPE_INVALID_CONSTANT", false, "failed bad-answer"], // no HTTP
  ["HPE_HEADER_OVERFLOW", false, "failed bad-answer"],
  ["CERT_HAS_EXPIRED", true, "failed tls"],
  ["EPROTO", true, "failed tls"], // plain HTTP on an https address
  ["ENOTFOUND", false, "local name-resolution"],
  ["EAI_AGAIN", true, "local name-resolution"], // the resolver itself is away
  ["EMFILE", false, "local out-of-descriptors"], // rollwatch's own limit
  ["ENFILE", true, "local out-of-descriptors"],
  ["ENETUNREACH", false, "local no-route"], // this machine's own network is away
  ["EPERM", false, "local no-route"], // this machine's own packet filter
  ["EADDRNOTAVAIL", true, "local out-of-resources"], // no port of our own is left
  ["ENOBUFS", false, "local out-of-resources"],
  ["ENOMEM", false, "local out-of-resources"],
];

describe("explaining a failed exchange", () => {
  it("tells in one line what an error says in several", () => {
    const error = Object.assign(new Error("one\nmore\u001B[31m\n"), { code: "EPROTO" });

    expect(explainHttpError(error, true)).toMatchObject({ detail: "EPROTO: one more [31m" });
  });

  it.each(ROWS)("%s (before TLS: %s) is %s", (code, beforeTls, expected) => {
    const error = Object.assign(new Error("something"), { code });

    const why = explainHttpError(error, beforeTls);

    expect(`${why.kind} ${why.reason}`).toBe(expected);
    expect(why.detail).toBe(`${code}: something`);
  });

  it("takes what has no code for a closed connection", () => {
    const why = explainHttpError(new Error("closed"), false);

    expect(why).toEqual({ kind: "failed", reason: "reset", detail: "closed" });
  });
});
