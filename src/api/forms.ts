import type { FastifyInstance, onRequestAsyncHookHandler } from "fastify";
import { DECIDE_PAGE, SLACK_BUTTONS } from "./contract.ts";
import { openLimiter } from "./limiter.ts";
import { sendProblem } from "./problems.ts";

const FORM_PAGES: ReadonlySet<string | undefined> = new Set([DECIDE_PAGE, SLACK_BUTTONS]);
const MAX_BODY_BYTES = 8 * 1024;
/** Refusals a minute that are written down: whoever knows the address must not fill the journal. */
const MOST_REFUSED = 30;

/** Reads forms as texts, for the pages that people and Slack answer with, alone. */
export function readForms(server: FastifyInstance): void {
  server.addContentTypeParser(
    "application/x-www-form-urlencoded",
    { parseAs: "string", bodyLimit: MAX_BODY_BYTES },
    (request, body, done) => {
      if (FORM_PAGES.has(request.routeOptions.url)) {
        done(null, String(body));
        return;
      }
      done(Object.assign(new Error("only JSON is read here"), { statusCode: 415 }));
    },
  );
}

/** After so many refusals of a page in a minute nothing is looked at for a while. */
export function limitRefusals(
  server: FastifyInstance,
  page: string,
  clock: { monotonic(): number },
): { readonly onRequest: onRequestAsyncHookHandler } {
  const refusals = openLimiter(MOST_REFUSED, () => clock.monotonic());
  server.addHook("onResponse", async (request, reply) => {
    if (request.routeOptions.url === page && reply.statusCode >= 400) {
      refusals.fail();
    }
  });
  return {
    onRequest: async (_request, reply) => {
      const waitMs = refusals.waitMs();
      if (waitMs === 0) {
        return undefined;
      }
      void reply.header("retry-after", String(Math.ceil(waitMs / 1000)));
      const hint = "wait for the time that Retry-After says, or use `rollwatch approve`";
      return sendProblem(reply, 429, { detail: "too many answers that were refused", hint });
    },
  };
}
