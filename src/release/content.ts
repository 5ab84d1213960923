import { createHash } from "node:crypto";
import { join } from "node:path";
import type { ApplicationSettings } from "../model/application.ts";
import type { CapturedPath } from "../model/release.ts";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import { releasePaths } from "./paths.ts";

/** Tells the content of what is deployed, where the source is no repository. */
export interface ContentReader {
  /**
   * sha256 in hex; null when nothing of it is there. `patient`: an answer that is some seconds old will do, so that
   * watching costs little however many files there are.
   */
  read(how: "now" | "patient", signal: AbortSignal): Promise<string | null>;
}

/** Looking at the files may take one part in this many of the time. */
const REST_FACTOR = 100;

/**
 * Reads again only what changed. A patient reader is given the last answer until a hundred times the last look's duration has
 * passed; one that asks while a look is on its way waits for it.
 */
export function openContentReader(
  files: Files,
  clock: Clock,
  application: ApplicationSettings,
): ContentReader {
  const look = lookOf(files, application);
  let running: Promise<string | null> | undefined;
  let last: { readonly value: string | null; readonly restsUntil: number } | undefined;

  async function lookAndRemember(signal: AbortSignal): Promise<string | null> {
    const begun = clock.monotonic();
    try {
      const value = await look(signal);
      const ended = clock.monotonic();
      last = { value, restsUntil: ended + (ended - begun) * REST_FACTOR };
      return value;
    } finally {
      running = undefined;
    }
  }

  return {
    read: async (how, signal) => {
      if (how === "patient" && last !== undefined && clock.monotonic() < last.restsUntil) {
        return last.value;
      }
      if (running !== undefined && how === "now") {
        // It began before the question; what it has read need not be read again.
        await running.catch(() => undefined);
      }
      running ??= lookAndRemember(signal);
      return running;
    },
  };
}

type Look = (signal: AbortSignal) => Promise<string | null>;

function lookOf(files: Files, application: ApplicationSettings): Look {
  const { root, source, artifact = "" } = application;
  if (source === "artifact") {
    const hash = remembering(
      files,
      root,
      async (path) => (await files.hash(join(root, path))) ?? null,
    );
    return async (signal) => hash(artifact, signal);
  }
  const measure = remembering(files, root, async (path, signal) =>
    files.measure(root, path, signal),
  );
  return async (signal) => {
    const measured: CapturedPath[] = [];
    for (const path of releasePaths(application).artifacts) {
      measured.push(await measure(path, signal));
    }
    return contentOf(measured);
  };
}

type Ask<T> = (path: string, signal: AbortSignal) => Promise<T>;

/** A path whose fingerprint (one lstat for each file) is the same has the same answer. */
function remembering<T>(files: Files, root: string, ask: Ask<T>): Ask<T> {
  const known = new Map<string, { readonly fingerprint: string | undefined; readonly answer: T }>();
  return async (path, signal) => {
    const fingerprint = await files.fingerprint(root, path, signal);
    const before = known.get(path);
    if (before !== undefined && before.fingerprint === fingerprint) {
      return before.answer;
    }
    const answer = await ask(path, signal);
    known.set(path, { fingerprint, answer });
    return answer;
  };
}

/** sha256 over the digests of a release's artefacts; null when none of them is there. */
export function contentOf(artifacts: readonly CapturedPath[]): string | null {
  const lines = artifacts.map(({ path, kind, digest }) => JSON.stringify([path, kind, digest]));
  return artifacts.every(({ kind }) => kind === "absent")
    ? null
    : createHash("sha256").update(lines.join("\n")).digest("hex");
}
