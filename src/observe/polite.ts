import type { Clock } from "../system/clock.ts";
import type { Answer, Http } from "../system/http.ts";
import { throttled } from "./exchange.ts";
import { FULL_PACE, type Pace, paceAfter } from "./pace.ts";

/** An address that asked to be left alone: its last answer, and how long that stands. */
interface Rest {
  readonly answer: Answer;
  readonly pace: Pace;
}

/**
 * HTTP for questions that are asked again and again beside the probes: an address that answered 429 is left alone for as
 * long as it said, else for twice `intervalMs` and longer each time, and its 429 stands meanwhile.
 */
export function politeHttp(http: Http, clock: Pick<Clock, "monotonic">, intervalMs: number): Http {
  const resting = new Map<string, Rest>();
  return {
    ask: async (request, signal) => {
      const rest = resting.get(request.url);
      if (rest !== undefined && clock.monotonic() < rest.pace.notBefore) {
        return rest.answer;
      }
      const due = clock.monotonic();
      const answer = await http.ask(request, signal);
      if (answer.kind === "answered" && answer.status === 429) {
        const run = { due, endedAt: clock.monotonic(), intervalMs };
        const pace = paceAfter(rest?.pace ?? FULL_PACE, throttled(answer.headers), run);
        resting.set(request.url, { answer, pace });
      } else {
        resting.delete(request.url);
      }
      return answer;
    },
  };
}
