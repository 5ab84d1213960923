import { appendFileSync } from "node:fs";
import * as fc from "fast-check";

const { FUZZ_RUNS: runs = "300", FUZZ_SEED: seed, FUZZ_REPORT: report } = process.env;

/** One input may take so long, on a busy machine; tried three times before it counts. */
const MOST_MS = 500;

/** Gives the parser every sample as it is and then inputs of this kind: each must be taken or refused in its own words, soon, and without a trace. Of a parser that costs `cost` times as much, as many times fewer. Returns how many there were. */
export function survive(
  parser: string,
  inputs: fc.Arbitrary<string>,
  parse: (input: string) => void,
  { samples = [], cost = 1 }: { readonly samples?: readonly string[]; readonly cost?: number } = {},
): number {
  let count = 0;
  let slowest = 0;
  const begun = performance.now();
  fc.assert(
    fc.property(inputs, (input) => {
      count += 1;
      slowest = Math.max(slowest, timed(input, parse));
      if (Object.keys(Object.prototype).length > 0) {
        throw new Error("the prototype of every object was changed");
      }
    }),
    {
      numRuns: Math.ceil(Number(runs) / cost),
      // Inputs are mutations of samples: told whole, and kept as such.
      endOnFailure: true,
      ...(seed === undefined ? {} : { seed: Number(seed) }),
      examples: samples.map((sample): [string] => [sample]),
    },
  );
  if (report !== undefined) {
    const tookMs = Math.round(performance.now() - begun);
    const line = { parser, inputs: count, tookMs, slowestMs: Number(slowest.toFixed(1)) };
    appendFileSync(report, `${JSON.stringify(line)}\n`);
  }
  return count;
}

/** What must be so whatever the input is. */
export function demand(isSo: boolean, what: string): void {
  if (!isSo) {
    throw new Error(`not so: ${what}`);
  }
}

function timed(input: string, parse: (input: string) => void): number {
  let took = Infinity;
  for (let attempt = 0; attempt < 3 && took > MOST_MS; attempt += 1) {
    const begun = performance.now();
    parse(input);
    took = performance.now() - begun;
  }
  if (took > MOST_MS) {
    throw new Error(`${Math.round(took)} ms for ${input.length} characters`);
  }
  return took;
}
