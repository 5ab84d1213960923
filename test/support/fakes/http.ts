import type { Answer, Ask, Http } from "../../../src/system/http.ts";

/** An Http that answers what it was told to and remembers what it was asked. */
export interface FakeHttp extends Http {
  readonly asked: readonly Ask[];
  setAnswer(answer: Answer): void;
  /** Answers each request by what it asks; for as long as no other answer is set. */
  answerBy(answerTo: (request: Ask) => Answer): void;
}

/** An Http whose target answers 200 with an empty body, in 12 ms. */
export function fakeHttp(): FakeHttp {
  const asked: Ask[] = [];
  let answerTo = always(anAnswer());
  return {
    asked,
    setAnswer: (next) => {
      answerTo = always(next);
    },
    answerBy: (next) => {
      answerTo = next;
    },
    ask: async (request, signal) => {
      signal.throwIfAborted();
      asked.push(request);
      return answerTo(request);
    },
  };
}

function always(answer: Answer): (request: Ask) => Answer {
  return () => answer;
}

/** An answer as the target gives it; 200 and empty unless said otherwise. */
export function anAnswer(parts: Partial<Extract<Answer, { kind: "answered" }>> = {}): Answer {
  const phases = { connectMs: 1, firstByteMs: 11, totalMs: 12.4 };
  return { kind: "answered", status: 200, headers: {}, body: "", phases, ...parts };
}
