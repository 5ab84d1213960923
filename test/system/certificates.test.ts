import { writeFile } from "node:fs/promises";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { createServer, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, it } from "vitest";
import { openCertificates, type CertificateAnswer } from "../../src/system/certificates.ts";
import { openClock } from "../../src/system/clock.ts";
import { certificatesContract } from "../contracts/certificates.ts";
import { CERTIFICATES } from "../support/certificates.ts";
import { fakeCertificates } from "../support/fakes/certificates.ts";
import { closeServers, listeningPort } from "../support/servers.ts";
import { withTempFolder } from "../support/temp.ts";

const NEVER = new AbortController().signal;
const certificates = openCertificates(openClock());

afterEach(closeServers);

/** The port of a server that shows a certificate; `seen` has what each client asked for. */
async function showing(cert: string, seen: (socket: TLSSocket) => void = ignore): Promise<number> {
  return listeningPort(createServer({ cert, key: CERTIFICATES.key }, seen));
}

function ignore(): void {}

/** Looks at a port with the test's authority trusted. */
async function look(port: number, name = "app.test", timeoutMs = 5000): Promise<CertificateAnswer> {
  return withTempFolder(async (folder) => {
    const authority = join(folder, "authority.pem");
    await writeFile(authority, CERTIFICATES.authority);
    return certificates.look({ host: "127.0.0.1", port, name, timeoutMs, authority }, NEVER);
  });
}

certificatesContract("the real one", async () => {
  const port = await showing(CERTIFICATES.good);
  return {
    // The file of the authority is there as long as it is needed.
    certificates: {
      look: async (question, signal) =>
        withTempFolder(async (folder) => {
          const authority = join(folder, "authority.pem");
          await writeFile(authority, CERTIFICATES.authority);
          return certificates.look({ ...question, authority }, signal);
        }),
    },
    question: { host: "127.0.0.1", port, name: "app.test", timeoutMs: 5000 },
  };
});

certificatesContract("the fake", async () => ({
  certificates: fakeCertificates(),
  question: { host: "127.0.0.1", port: 1, name: "app.test", timeoutMs: 5000 },
}));

describe("a certificate", () => {
  it("is asked for by its name, and a number is no name to ask for", async () => {
    const asked: unknown[] = [];
    const port = await showing(CERTIFICATES.good, (socket) => asked.push(socket.servername));

    const named = await look(port, "localhost");
    const numbered = await look(port, "127.0.0.1");

    expect(asked).toEqual(["localhost", false]);
    expect([named, numbered]).toMatchObject([{ kind: "shown" }, { kind: "shown" }]);
    expect(JSON.stringify([named, numbered])).not.toContain("wrongName");
  });

  it.each([
    // Which, its times, and whether an authority stands behind it.
    ["expired", Date.UTC(2001, 0, 1), Date.UTC(2002, 0, 1), "CERT_HAS_EXPIRED"],
    ["future", Date.UTC(2097, 0, 1), Date.UTC(2098, 0, 1), "CERT_NOT_YET_VALID"],
    ["selfSigned", Date.UTC(2020, 0, 1), Date.UTC(2098, 0, 1), "DEPTH_ZERO_SELF_SIGNED_CERT"],
  ] as const)("is shown also when it is %s", async (which, validFrom, validTo, untrusted) => {
    const answer = await look(await showing(CERTIFICATES[which]));

    expect(answer).toMatchObject({
      kind: "shown",
      certificate: { validFrom, validTo, untrusted },
    });
  });

  it("is not trusted for the word of an authority that nobody named", async () => {
    const port = await showing(CERTIFICATES.good);

    const answer = await certificates.look(
      { host: "127.0.0.1", port, name: "app.test", timeoutMs: 5000 },
      NEVER,
    );

    expect(answer).toMatchObject({
      kind: "shown",
      certificate: { untrusted: "UNABLE_TO_VERIFY_LEAF_SIGNATURE" },
    });
  });
});

describe("an address that shows none", () => {
  it("because it speaks plainly", async () => {
    const port = await listeningPort(createTcpServer((socket) => socket.end("HTTP/1.1 400 \r\n")));

    expect(await look(port)).toMatchObject({ kind: "failed", reason: "tls" });
  });

  it("because it closes the connection", async () => {
    const port = await listeningPort(createTcpServer((socket) => socket.end()));

    expect(await look(port)).toMatchObject({ kind: "failed" });
  });

  it("because it never answers", async () => {
    const port = await listeningPort(createTcpServer());

    expect(await look(port, "app.test", 100)).toMatchObject({
      kind: "failed",
      reason: "timeout",
      detail: "no secure connection within 100 ms",
      milestones: [{ name: "connect" }],
    });
  });
});

describe("the file of an authority", () => {
  it.each(["", "no certificate at all"])("must hold one: %j", async (content) => {
    await withTempFolder(async (folder) => {
      const authority = join(folder, "authority.pem");
      await writeFile(authority, content);
      const question = { host: "127.0.0.1", port: 1, name: "app.test", timeoutMs: 5000 };

      const answer = await certificates.look({ ...question, authority }, NEVER);

      expect(answer).toEqual({ kind: "unreadable", detail: `${authority} holds no certificate` });
    });
  });

  it("must be there", async () => {
    const question = { host: "127.0.0.1", port: 1, name: "app.test", timeoutMs: 5000 };

    const answer = await certificates.look({ ...question, authority: "/no/such/file" }, NEVER);

    expect(answer).toMatchObject({ kind: "unreadable", detail: expect.stringContaining("ENOENT") });
  });
});
