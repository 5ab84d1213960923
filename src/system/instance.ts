import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pid as ownPid } from "node:process";
import type { Files } from "./files.ts";
import { openIds } from "./ids.ts";
import { statOf } from "./process-table.ts";

/** Whose something is that outlives a `kill -9` of rollwatch: a child program, a session at the database. */
export interface Instance {
  /**
   * This process of rollwatch, as `<state folder>.<pid>.<start>.<boot>` in letters, digits and dots, at most 30 characters.
   * Before `keep` was called for a state folder, one that nobody looks for later.
   */
  tag(): string;
  /** Whether the tag is that of a process of the same state folder that runs no more. */
  isLeft(tag: string): Promise<boolean>;
  /** Gives the state folder a name of its own that lasts, if it has none. For the holder of the daemon's lock. */
  keep(): Promise<void>;
}

/** Where the state folder is, and what writes there. */
interface Place {
  readonly state: string;
  readonly files: Files;
}

const STATE_CHARACTERS = 8;
const BOOT_CHARACTERS = 3;
const TAG =
  /^(?<state>[0-9a-z]{8})\.(?<pid>[0-9a-z]{1,6})\.(?<start>[0-9a-z]{1,8})\.(?<boot>[0-9a-z]{3})$/u;

/** This process as one of its state folder; without a place, one that nobody looks for. */
export function openInstance(place?: Place): Instance {
  const path = place === undefined ? undefined : join(place.state, "instance");
  const boot = shortened(textOf("/proc/sys/kernel/random/boot_id"), BOOT_CHARACTERS);
  const start = base36(startOf(textOf("/proc/self/stat")));
  const nameless = openIds().token();
  let kept: string | undefined;

  function name(): string {
    // It may have been given by a daemon since.
    kept ??= path === undefined ? undefined : nameIn(textOf(path));
    return kept ?? nameless;
  }

  /** Machines that were copied from one another have the same file. */
  function state(): string {
    return shortened(`${textOf("/etc/machine-id")}\n${name()}`, STATE_CHARACTERS);
  }

  return {
    tag: () => [state(), base36(String(ownPid)), start, boot].join("."),
    isLeft: async (tag) => {
      const owner = TAG.exec(tag)?.groups;
      if (owner === undefined || owner["state"] !== state()) {
        return false;
      }
      if (owner["boot"] !== boot) {
        return true;
      }
      const facts = await statOf(Number.parseInt(owner["pid"] ?? "", 36));
      return facts === undefined || facts.isDead || base36(facts.startTicks) !== owner["start"];
    },
    keep: async () => {
      if (place !== undefined && path !== undefined && name() === nameless) {
        await place.files.writeAtomic(path, `${nameless}\n`, 0o600);
        kept = nameless;
      }
    },
  };
}

function nameIn(text: string): string | undefined {
  return /^[0-9a-f]{32}\n$/u.test(text) ? text.trimEnd() : undefined;
}

/** Empty where there is no such file, or it may not be read. */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

/** What the kernel says of the beginning of this process; the name before it may itself hold blanks. */
function startOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "0";
}

function base36(digits: string): string {
  return Number(digits).toString(36);
}

function shortened(text: string, characters: number): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 12);
  return Number.parseInt(hash, 16).toString(36).padStart(characters, "0").slice(-characters);
}
