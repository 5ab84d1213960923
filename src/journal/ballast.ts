import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";

/** Room for some hundred facts: those of a recovery. */
const BYTES = 4 * 1024 * 1024;
/** It is laid only where it is a small part of what is free. */
const FREE_FACTOR = 4;

/**
 * A file that takes up room in the state folder, given up when the disk is full: so that a recovery which has stopped services can be
 * written down to its end.
 */
export function isBallastLaid(state: string): boolean {
  return existsSync(placeIn(state));
}

/** Lays it where there is none and there is room. Throws what the file system says. */
export function layBallast(state: string): void {
  const { bavail, bsize } = statfsSync(state);
  if (isBallastLaid(state) || bavail * bsize < BYTES * FREE_FACTOR) {
    return;
  }
  const half = `${placeIn(state)}.partial`;
  const file = openSync(half, "w", 0o600);
  try {
    // Nothing that a file system could compress or leave out.
    writeSync(file, randomBytes(BYTES));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(half, placeIn(state));
}

/** Gives it up; false where there was none. */
export function giveUpBallast(state: string): boolean {
  const wasLaid = isBallastLaid(state);
  rmSync(placeIn(state), { force: true });
  return wasLaid;
}

function placeIn(state: string): string {
  return join(state, "ballast");
}
