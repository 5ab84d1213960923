import { randomBytes, randomInt } from "node:crypto";

/** Names for things that are made at run time. */
export interface Ids {
  /** A new id such as `inc-20261122T153012-k3f9q2`: prefix, UTC time of `now`, randomness; sorts by time. */
  next(prefix: string, now: number): string;
  /** 32 hex digits that nobody can guess. */
  token(): string;
  /** A number from 0 to 1, for jitter. */
  random(): number;
}

const RANDOM_CHARACTERS = 6;

/** Opens the source of ids; 36^6 of them per prefix and second. */
export function openIds(): Ids {
  return {
    next(prefix, now) {
      const time = new Date(now).toISOString().replaceAll(/[-:]|\.\d+Z$/gu, "");
      const tail = randomInt(36 ** RANDOM_CHARACTERS)
        .toString(36)
        .padStart(RANDOM_CHARACTERS, "0");
      return `${prefix}-${time}-${tail}`;
    },
    token: () => randomBytes(16).toString("hex"),
    random: () => Math.random(),
  };
}
