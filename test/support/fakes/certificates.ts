import type {
  Certificate,
  CertificateAnswer,
  CertificateQuestion,
  Certificates,
} from "../../../src/system/certificates.ts";

/** Certificates as they were told to be; remembers what was asked. */
export interface FakeCertificates extends Certificates {
  readonly asked: readonly CertificateQuestion[];
  setAnswer(answer: CertificateAnswer): void;
}

/** One certificate for `app.test`, valid from 2020 to 2098, which the test's authority has signed. */
export function fakeCertificates(): FakeCertificates {
  const asked: CertificateQuestion[] = [];
  let told: CertificateAnswer | undefined;
  return {
    asked,
    setAnswer: (answer) => {
      told = answer;
    },
    look: async (question, signal) => {
      signal.throwIfAborted();
      asked.push(question);
      const wrongName = `it is for app.test, not for ${question.name}`;
      return told ?? shown(question.name === "app.test" ? {} : { wrongName });
    },
  };
}

/** A good certificate, but for what the test says. */
export function shown(over: Partial<Certificate> = {}): CertificateAnswer {
  return {
    kind: "shown",
    certificate: {
      validFrom: Date.UTC(2020, 0, 1),
      validTo: Date.UTC(2098, 0, 1),
      issuer: "Test authority",
      ...over,
    },
    milestones: [
      { name: "connect", atMs: 1 },
      { name: "tls", atMs: 5 },
    ],
    totalMs: 5,
  };
}
