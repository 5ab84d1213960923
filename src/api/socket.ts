import { lstat, unlink } from "node:fs/promises";
import { connect } from "node:net";
import { Failure } from "../model/failure.ts";

const ANSWER_TIMEOUT_MS = 1000;

/** Removes the socket of a dead daemon, so that it can be bound again; refuses when anything else is there. */
export async function clearStaleSocket(path: string): Promise<void> {
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined) {
    return;
  }
  if (!facts.isSocket()) {
    throw new Failure("path-refused", `${path} is there and is no socket`, {
      hint: "look at what it is and move it away",
    });
  }
  if (await isAnswered(path)) {
    throw new Failure("lock-held", `another rollwatch answers on ${path}`, {
      hint: "see `rollwatch status`; stop it before starting another",
    });
  }
  await unlink(path);
}

/** A socket that accepts, or does not even refuse in time, belongs to a living process. */
async function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    socket.setTimeout(ANSWER_TIMEOUT_MS);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("timeout", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => {
      resolve(false);
    });
  });
}
