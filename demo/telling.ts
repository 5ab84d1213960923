import type { Plan } from "../src/model/plan.ts";
import type { Voice } from "./voice.ts";

/** What a part of the story is told with. */
export interface Telling {
  readonly voice: Voice;
  /** A moment (ms since the epoch) as the story counts, such as `   +6.1 s`. */
  readonly time: (at: number) => string;
  /** The plan that is carried out, once there is one. */
  readonly plan: () => Plan | undefined;
  /** When a step of it was begun last, ms since the epoch. */
  readonly begunAt: (step: string) => number | undefined;
}
