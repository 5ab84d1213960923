import { describe, expect, it } from "vitest";
import type { Answer, Http } from "../../src/system/http.ts";

/** An Http, and the address of a server that answers 200 with the method and the body that it was asked with. */
export interface HttpUnderTest {
  readonly http: Http;
  readonly url: string;
}

const LIMITS = { timeoutMs: 5000, maxBodyBytes: 10_000 };

/** What every Http promises. */
export function httpContract(name: string, open: () => Promise<HttpUnderTest>): void {
  describe(`the contract of HTTP: ${name}`, () => {
    it("asks with GET and no body unless told otherwise", async () => {
      const { http, url } = await open();

      const answer = await http.ask({ url, ...LIMITS }, live());

      expect(answer).toMatchObject({ kind: "answered", status: 200, body: "GET " });
    });

    it.each(["POST", "PUT", "PATCH", "DELETE"] as const)(
      "asks with %s and its body in UTF-8",
      async (method) => {
        const { http, url } = await open();

        const answer = await http.ask({ url, method, body: "grüße", ...LIMITS }, live());

        expect(answer).toMatchObject({ kind: "answered", body: `${method} grüße` });
      },
    );

    it("tells the whole time of a request", async () => {
      const { http, url } = await open();

      const answer = await http.ask({ url, ...LIMITS }, live());

      expect(phasesOf(answer)?.totalMs).toBeGreaterThan(0);
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { http, url } = await open();
      const reason = new Error("told to stop");

      const asking = http.ask({ url, ...LIMITS }, AbortSignal.abort(reason));

      await expect(asking).rejects.toBe(reason);
    });
  });
}

function live(): AbortSignal {
  return new AbortController().signal;
}

function phasesOf(answer: Answer): { readonly totalMs: number } | undefined {
  return answer.kind === "local" ? undefined : answer.phases;
}
