import { rm } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { endProcessesOf } from "./processes.ts";

/** The word with which a lab says that it has cleaned up, or is meant to stay. */
const RELEASED = "released";

/**
 * Cleans up after a lab whose own process died. It hears the lab's folder on its stdin and waits for the end of it, which the
 * kernel brings about however the lab ends; without the word `released` before it, everything of the folder is ended and removed.
 */
async function guard(): Promise<void> {
  const [folder, word] = (await text(process.stdin)).split("\n");
  if (folder === undefined || !folder.startsWith("/tmp/rw-") || word === RELEASED) {
    return;
  }
  await endProcessesOf(folder);
  await rm(folder, { recursive: true, force: true });
}

await guard();
