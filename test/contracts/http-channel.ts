import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/model/notice.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { aNotice } from "../support/builders.ts";
import { type ServiceAnswer, startHttpService } from "../support/services/http-service.ts";

/** Makes the channel that posts to a service at this origin, with this deadline for an answer. */
export type HttpChannelAt = (origin: string, timeout: string) => Channel;

/** For an answer that comes, also on a busy machine. */
const PATIENT = "30s";
/** For one that never comes. */
const SHORT = "100ms";

/** What stands between us and a service, or the service when it is not well. */
const TROUBLES = [
  ["429 for an hour", 429, { "retry-after": "3600" }, "slow down", "rate-limited"],
  ["503", 503, {}, "<html>maintenance</html>", "server-error"],
  ["403 of a proxy", 403, {}, "<html>forbidden</html>", "rejected"],
  ["404 while it is redeployed", 404, {}, "<html>not found</html>", "rejected"],
  ["200 with a page of HTML", 200, {}, "<html>please log in</html>", "unknown"],
] as const;

/** What every channel promises that posts to a named service: nothing is taken for delivered that was not. */
export function httpChannelContract(name: string, channelAt: HttpChannelAt): void {
  describe(`the contract of a channel to a service: ${name}`, () => {
    it.each(TROUBLES)(
      "tries again later after %s",
      async (...[, status, headers, body, reason]) => {
        const delivery = await sentTo(channelAt, { status, headers, body });

        expect(delivery).toMatchObject({ kind: "retry-later", reason });
      },
    );

    it("hands on how long the service wants to be left alone", async () => {
      const headers = { "retry-after": "3600" };

      const delivery = await sentTo(channelAt, { status: 429, headers });

      expect(delivery).toMatchObject({ afterMs: 3_600_000 });
    });

    it("does not try again what the service will never take", async () => {
      const delivery = await sentTo(channelAt, { status: 400, body: "invalid" });

      expect(delivery).toMatchObject({ kind: "refused", reason: "rejected" });
    });

    it("follows no redirect", async () => {
      const elsewhere = await startHttpService(() => ({ status: 200, body: "ok" }));
      const headers = { location: elsewhere.url };

      const delivery = await sentTo(channelAt, { status: 307, headers });

      expect(delivery).toMatchObject({ kind: "refused", detail: expect.stringContaining("307") });
      expect(elsewhere.requests).toEqual([]);
    });

    it("tries again later when no answer comes in time", async () => {
      const delivery = await sentTo(channelAt, { status: 200, silent: true });

      expect(delivery).toMatchObject({ kind: "retry-later", reason: "timeout" });
    });

    it("keeps to itself what it knows of the service, also when that is echoed", async () => {
      const service = await startHttpService(({ path, headers, body }) => ({
        status: 403,
        body: `${path} ${headers.authorization ?? ""} ${body}`,
      }));

      const delivery = await channelAt(service.url, PATIENT).send(
        aNotice(),
        new AbortController().signal,
      );

      expect(service.requests).toHaveLength(1);
      expect(JSON.stringify(delivery)).not.toMatch(/geheim/iu);
    });
  });
}

async function sentTo(channelAt: HttpChannelAt, answer: ServiceAnswer): Promise<Delivery> {
  const { url } = await startHttpService(() => answer);
  const timeout = answer.silent === true ? SHORT : PATIENT;
  return channelAt(url, timeout).send(aNotice(), new AbortController().signal);
}
