import * as fc from "fast-check";
import type { Scenario } from "../support/scenario.ts";

/** Something that happens to the application, the machine, rollwatch or its people, and lasts for some seconds. */
export interface Mishap {
  readonly what: string;
  readonly seconds: number;
}

interface During extends Mishap {
  readonly story: Scenario;
  /** Which one of the run. */
  readonly nth: number;
}

const HUNG = { kind: "hung", pid: 100, reason: "it accepts but does not answer" } as const;
const DEAD = { kind: "dead", reason: "nobody listens on its socket" } as const;
const HOUR_MS = 3_600_000;

const MISHAPS: ReadonlyMap<string, (during: During) => Promise<void>> = new Map([
  ["nothing", pass],
  ["a good release", async (during) => installing(during, `good-${during.nth}`, "works")],
  ["a bad release", async (during) => installing(during, `bad-${during.nth}`, "answers 500")],
  ["a crashing release", async (during) => installing(during, `crash-${during.nth}`, "crashes")],
  ["errors whatever runs", async (during) => surrounded(during, "make it answer 500")],
  ["a jammed process", async (during) => surrounded(during, "jam its process")],
  ["answers for nobody", async (during) => surrounded(during, "throttle rollwatch")],
  ["a pm2 that hangs", async (during) => withPm2(during, HUNG)],
  ["a dead pm2", async (during) => withPm2(during, DEAD)],
  ["a service stopped by a person", stopped],
  ["a process that stands still", async ({ story, seconds }) => story.clock.stall(seconds * 1000)],
  ["a clock set forward", async (during) => jumped(during, HOUR_MS)],
  ["a clock set back", async (during) => jumped(during, -HOUR_MS)],
  ["a pause", paused],
  ["an end of rollwatch", ended],
  ["a death of rollwatch", killed],
  ["a rollback by hand", rolledBack],
  ["a question for the status", asked],
] as const);

/** Those after which another rollwatch runs. */
const ENDINGS: ReadonlySet<string> = new Set(["an end of rollwatch", "a death of rollwatch"]);

/** Mishaps of a seed, as many as fill these seconds. */
export function mishapsFor(
  seed: number,
  seconds: number,
  lives: "one" | "many",
): readonly Mishap[] {
  const whats = [...MISHAPS.keys()].filter((what) => lives === "many" || !ENDINGS.has(what));
  const one = fc.record({
    what: fc.constantFrom(...whats),
    seconds: fc.integer({ min: 5, max: 90 }),
  });
  const all = fc.sample(one, { seed, numRuns: Math.ceil(seconds / 5) });
  let filled = 0;
  return all.filter((mishap) => {
    const fits = filled < seconds;
    filled += mishap.seconds;
    return fits;
  });
}

/** Lets one happen, and all but its release be over. */
export async function befall(story: Scenario, mishap: Mishap, nth: number): Promise<void> {
  const happen = MISHAPS.get(mishap.what);
  if (happen === undefined) {
    throw new Error(`there is no ${mishap.what}`);
  }
  await happen({ ...mishap, story, nth });
}

async function pass({ story, seconds }: During): Promise<void> {
  await story.passes(`${seconds}s`);
}

async function installing(
  during: During,
  release: string,
  conduct: "works" | "answers 500" | "crashes",
): Promise<void> {
  await during.story.install(release, conduct);
  await pass(during);
}

async function surrounded(
  during: During,
  surroundings: Parameters<Scenario["setSurroundings"]>[0],
): Promise<void> {
  during.story.setSurroundings(surroundings);
  await pass(during);
  during.story.setSurroundings("fine");
}

async function withPm2(during: During, daemon: typeof HUNG | typeof DEAD): Promise<void> {
  const { pm2 } = during.story;
  const alive = await pm2.daemon(new AbortController().signal);
  pm2.setDaemon(daemon);
  await pass(during);
  pm2.setDaemon(alive);
}

async function stopped(during: During): Promise<void> {
  during.story.stop("importer");
  await pass(during);
  during.story.restart();
}

async function jumped(during: During, ms: number): Promise<void> {
  during.story.clock.jumpWall(ms);
  await pass(during);
}

async function paused(during: During): Promise<void> {
  await during.story.as("Ada").pauses(`${during.seconds}s`);
  await pass(during);
}

async function ended(during: During): Promise<void> {
  await during.story.stopsRollwatch();
  await pass(during);
  await during.story.startsRollwatch();
}

/** It dies at its next word; a release that it sees makes it say one. */
async function killed({ story, nth }: During): Promise<void> {
  story.diesBefore(() => true);
  await story.install(`seen-${nth}`, "works");
  await story.passes("90s");
  await story.stopsRollwatch();
  await story.startsRollwatch();
}

/** It may be refused: there may be nothing to go back to. */
async function rolledBack(during: During): Promise<void> {
  await during.story
    .as("operator")
    .rollsBack()
    .catch(() => undefined);
  await pass(during);
}

async function asked(during: During): Promise<void> {
  await during.story.operations.status(new AbortController().signal);
  await pass(during);
}
