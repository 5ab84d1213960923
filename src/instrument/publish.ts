import { mkdirSync, readdirSync, unlinkSync } from "node:fs";
import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import process, { kill, pid } from "node:process";
import { quietly } from "./quietly.ts";

/** How often the page is written anew. */
const EVERY_MS = 1000;
const PAGE = /^(\d+)\.prom$/u;

/**
 * Writes this process's page into the folder once a second, from a timer that keeps no process alive, and removes it at
 * the end. A file and no address: nobody can ask an application that stands still, and no port can be taken.
 */
export function publish(folder: string, render: () => string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  removeDead(folder);
  const file = join(folder, `${pid}.prom`);
  let isWriting = false;
  setInterval(() => {
    if (!isWriting) {
      isWriting = true;
      void write(file, render).finally(() => {
        isWriting = false;
      });
    }
  }, EVERY_MS).unref();
  process.on("exit", () => quietly(() => unlinkSync(file)));
}

async function write(file: string, render: () => string): Promise<void> {
  try {
    const beside = `${file}.new`;
    await writeFile(beside, render(), { mode: 0o600 });
    await rename(beside, file);
  } catch {
    // The folder is gone, or the disk is full: the page grows old, and rollwatch says so.
  }
}

/** Pages of processes that were killed. */
function removeDead(folder: string): void {
  for (const name of readdirSync(folder)) {
    const owner = Number(PAGE.exec(name)?.[1] ?? pid);
    if (owner !== pid && !isAlive(owner)) {
      quietly(() => unlinkSync(join(folder, name)));
    }
  }
}

function isAlive(owner: number): boolean {
  try {
    kill(owner, 0);
    return true;
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
