import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import { createTlsProbe, TlsProbeSettings } from "../../../src/observe/probes/tls.ts";
import type { CertificateAnswer } from "../../../src/system/certificates.ts";
import { NOON } from "../../support/builders.ts";
import { fakeCertificates, shown } from "../../support/fakes/certificates.ts";
import { createManualClock } from "../../support/fakes/clock.ts";

const NEVER = new AbortController().signal;
const DAY = 86_400_000;
const COURSE = "(connect 1 ms, tls 4 ms)";

async function readingOf(answer: CertificateAnswer, more: object = {}): Promise<Reading> {
  const certificates = fakeCertificates();
  certificates.setAnswer(answer);
  const settings = TlsProbeSettings.parse({ kind: "tls", address: "app.test:443", ...more });
  const ports = { certificates, clock: createManualClock(NOON) };
  return createTlsProbe("certificate", settings, ports).sample(NEVER);
}

describe("the tls probe", () => {
  it("measures 0 for a certificate that holds, and tells how long it will", async () => {
    expect(await readingOf(shown({ validTo: NOON + 40.5 * DAY }))).toEqual({
      kind: "measured",
      value: 0,
      detail: `40 days left, until 2027-01-02 00:00:00 UTC, from Test authority ${COURSE}`,
    });
  });

  it.each([
    // What is shown, and what is told first.
    [{ validTo: NOON }, "its certificate has expired; over for 0.0 hours, since 2026-11-22"],
    [{ validTo: NOON - 3 * DAY }, "its certificate has expired; over for 3 days, since 2026-11-19"],
    [{ validFrom: NOON + DAY }, "its certificate is not yet valid; valid in 1 day, on 2026-11-23"],
    [{ validTo: NOON + 13 * DAY }, "its certificate expires soon; 13 days left, until 2026-12-05"],
    [{ validTo: NOON + DAY / 4 }, "its certificate expires soon; 6.0 hours left, until"],
    [{ wrongName: "it is for a, not for b" }, "it is for a, not for b; 25972 days left"],
    [
      { untrusted: "DEPTH_ZERO_SELF_SIGNED_CERT" },
      "no trusted authority stands behind it (DEPTH_ZERO_SELF_SIGNED_CERT); 25972 days left",
    ],
  ])("measures 1 for %j", async (certificate, detail) => {
    expect(await readingOf(shown(certificate))).toMatchObject({
      kind: "measured",
      value: 1,
      detail: expect.stringContaining(detail),
    });
  });

  it("leaves room for as long as it is told", async () => {
    const ending = shown({ validTo: NOON + 13 * DAY });

    expect(await readingOf(ending, { expiresWithin: "12d" })).toMatchObject({ value: 0 });
    expect(await readingOf(shown({ validTo: NOON + 14 * DAY }))).toMatchObject({ value: 0 });
    expect(await readingOf(shown({ validTo: NOON + 14 * DAY - 1 }))).toMatchObject({ value: 1 });
  });

  it("takes one that nobody trusts where it is told to, if all else is right", async () => {
    const untrusted = "DEPTH_ZERO_SELF_SIGNED_CERT";
    const more = { trusted: false };

    expect(await readingOf(shown({ untrusted }), more)).toMatchObject({ value: 0 });
    expect(await readingOf(shown({ untrusted, validTo: NOON }), more)).toMatchObject({ value: 1 });
    expect(await readingOf(shown({ untrusted, wrongName: "no" }), more)).toMatchObject({
      value: 1,
    });
  });

  it("measures 1 when there is none to see", async () => {
    const failed = {
      kind: "failed",
      reason: "tls",
      detail: "d",
      milestones: [{ name: "connect", atMs: 1 }],
      totalMs: 7,
    } as const;

    expect(await readingOf(failed)).toEqual({
      kind: "measured",
      value: 1,
      detail: "no secure connection came about (d; connect 1 ms, over after 7 ms)",
    });
  });

  it("measures nothing when the trouble is our own", async () => {
    const local = { kind: "local", reason: "no-route", detail: "d" } as const;

    expect(await readingOf(local)).toMatchObject({ kind: "absent", reason: "no-route" });
    expect(await readingOf({ kind: "unreadable", detail: "d" })).toEqual({
      kind: "absent",
      reason: "credentials",
      detail: "no authority: d",
    });
  });

  it("tells of a certificate's own words one line", async () => {
    const reading = await readingOf(shown({ issuer: `evil\n\u001B[31m${"x".repeat(500)}` }));

    expect(reading.detail).toMatch(/^[\x20-\x7E…]{1,220}$/u);
  });

  it("asks for the name of the address, or the one that it is told", async () => {
    const certificates = fakeCertificates();
    const ports = { certificates, clock: createManualClock() };
    const address = "127.0.0.1:8443";
    const more = { servername: "www.app.test", authority: "/etc/ca.pem", timeout: "1s" };

    await createTlsProbe("a", TlsProbeSettings.parse({ kind: "tls", address }), ports).sample(
      NEVER,
    );
    await createTlsProbe(
      "b",
      TlsProbeSettings.parse({ kind: "tls", address, ...more }),
      ports,
    ).sample(NEVER);

    expect(certificates.asked).toEqual([
      { host: "127.0.0.1", port: 8443, name: "127.0.0.1", timeoutMs: 5000 },
      {
        host: "127.0.0.1",
        port: 8443,
        name: "www.app.test",
        timeoutMs: 1000,
        authority: "/etc/ca.pem",
      },
    ]);
  });
});
