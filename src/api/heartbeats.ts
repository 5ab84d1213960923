import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ExpectedHeartbeat, Incoming } from "../model/incoming.ts";
import { PATHS } from "./contract.ts";
import { bearerOf, refuseOtherSite } from "./door.ts";
import { type Limiter, openLimiter } from "./limiter.ts";
import { isSecret } from "./people.ts";
import { sendProblem } from "./problems.ts";

/** What check-ins are taken with. */
interface HeartbeatPorts {
  readonly incoming: Incoming;
  readonly clock: { monotonic(): number };
}

/** An expected heartbeat on one listener. */
interface Expected extends ExpectedHeartbeat {
  readonly checkIns: Limiter;
  readonly wrongTokens: Limiter;
}

const MOST_A_MINUTE = 60;
const MOST_WRONG_A_MINUTE = 10;
const LOOPBACK = /^(::ffff:)?127\.|^::1$/u;

/** The route by which services say that they are at work. Whatever body they send is not looked at. */
export function addHeartbeats(server: FastifyInstance, { incoming, clock }: HeartbeatPorts): void {
  const bySignal = new Map(
    incoming.heartbeats.map((one): readonly [string, Expected] => [
      one.signal,
      {
        ...one,
        checkIns: openLimiter(MOST_A_MINUTE, () => clock.monotonic()),
        wrongTokens: openLimiter(MOST_WRONG_A_MINUTE, () => clock.monotonic()),
      },
    ]),
  );

  async function hear(request: FastifyRequest, reply: FastifyReply, signal: string): Promise<void> {
    const stranger = refuseOtherSite(request);
    if (stranger !== undefined) {
      await sendProblem(reply, stranger.status, stranger.problem);
      return;
    }
    const expected = bySignal.get(signal);
    if (expected === undefined) {
      const detail = "no signal of this name has a probe of the kind heartbeat";
      const hint = "see GET /api/v1/signals for the names";
      await sendProblem(reply, 404, { detail, hint });
      return;
    }
    if (!isAllowed(request, expected)) {
      await refuseToken(reply, expected.wrongTokens);
      return;
    }
    // Also of one that comes too often: it is a sign of life all the same.
    await incoming.checkIn(signal);
    await answer(reply, expected.checkIns);
  }

  server.route<{ Params: { signal: string } }>({
    method: "POST",
    url: PATHS.heartbeat,
    onRequest: async (request, reply) => {
      await hear(request, reply, request.params.signal);
      return reply;
    },
    handler: (_request, reply) => sendProblem(reply, 404),
  });
}

/** Without a token of its own a heartbeat is heard from this host alone; the socket has no address. */
function isAllowed(request: FastifyRequest, { token }: ExpectedHeartbeat): boolean {
  if (token === undefined) {
    const { remoteAddress } = request.socket;
    return remoteAddress === undefined || LOOPBACK.test(remoteAddress);
  }
  return isSecret(token, bearerOf(request.headers.authorization) ?? "");
}

/** However many wrong tokens came, the right one is still heard: silence would accuse the service. */
async function refuseToken(reply: FastifyReply, wrongTokens: Limiter): Promise<void> {
  const waitMs = wrongTokens.waitMs();
  if (waitMs > 0) {
    const hint = "wait for the time that Retry-After says";
    void reply.header("retry-after", secondsOf(waitMs));
    await sendProblem(reply, 429, { code: "not-permitted", detail: "too many wrong tokens", hint });
    return;
  }
  wrongTokens.fail();
  const hint = "send Authorization: Bearer with the token of this signal's probe";
  const detail = "this needs the token of the signal";
  void reply.header("www-authenticate", "Bearer");
  await sendProblem(reply, 401, { code: "not-permitted", detail, hint });
}

async function answer(reply: FastifyReply, checkIns: Limiter): Promise<void> {
  const waitMs = checkIns.waitMs();
  if (waitMs > 0) {
    const detail = `heard, but more often than ${MOST_A_MINUTE} times a minute`;
    void reply.header("retry-after", secondsOf(waitMs));
    await sendProblem(reply, 429, { detail, hint: "check in once per period" });
    return;
  }
  checkIns.fail();
  await reply.code(204).send();
}

function secondsOf(ms: number): string {
  return String(Math.ceil(ms / 1000));
}
