import { describe, expect, it } from "vitest";
import type { CertificateQuestion, Certificates } from "../../src/system/certificates.ts";

/** Certificates, and the question for one that is valid from 2020 to 2098 and signed by the test's authority. */
export interface CertificatesUnderTest {
  readonly certificates: Certificates;
  readonly question: CertificateQuestion;
}

/** What all certificates promise. */
export function certificatesContract(
  name: string,
  prepare: () => Promise<CertificatesUnderTest>,
): void {
  describe(`the contract of certificates: ${name}`, () => {
    it("shows a good one with its time and who signed it", async () => {
      const { certificates, question } = await prepare();

      const answer = await certificates.look({ ...question, name: "app.test" }, live());

      expect(answer).toMatchObject({ kind: "shown", milestones: [{ name: "connect" }, {}] });
      expect(answer.kind === "shown" ? answer.certificate : undefined).toEqual({
        validFrom: Date.UTC(2020, 0, 1),
        validTo: Date.UTC(2098, 0, 1),
        issuer: "Test authority",
      });
    });

    it("tells for whom it is when it is for another name", async () => {
      const { certificates, question } = await prepare();

      const answer = await certificates.look({ ...question, name: "other.test" }, live());

      const certificate = answer.kind === "shown" ? answer.certificate : undefined;
      expect(certificate?.wrongName).toMatch(/^it is for .*app\.test.*other\.test$/u);
      expect(certificate).not.toHaveProperty("untrusted");
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { certificates, question } = await prepare();
      const reason = new Error("told to stop");

      const looking = certificates.look(question, AbortSignal.abort(reason));

      await expect(looking).rejects.toBe(reason);
    });
  });
}

function live(): AbortSignal {
  return new AbortController().signal;
}
