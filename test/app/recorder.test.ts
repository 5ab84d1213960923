import { describe, expect, it } from "vitest";
import {
  namesSince,
  openRecorder,
  recordingsFolder,
  type Recorder,
} from "../../src/app/recorder.ts";
import { RecordingSettings, type Recorded } from "../../src/model/recording.ts";
import type { Segments } from "../../src/system/segments.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const HOUR = 3_600_000;
const FOLDER = recordingsFolder("/state");
const BEGINNING: Recorded = { kind: "identity", at: 1, identity: { commit: "aaaa" } };

interface Disk {
  readonly segments: Segments;
  readonly files: Map<string, string>;
  fail(error: Error): void;
}

/** A disk that compresses nothing. */
function aDisk(): Disk {
  const files = new Map<string, string>();
  let failure: Error | undefined;
  return {
    files,
    fail: (error) => {
      failure = error;
    },
    segments: {
      append: async (folder, name, text) => {
        if (failure !== undefined) {
          throw failure;
        }
        expect(folder).toBe(FOLDER);
        files.set(name, (files.get(name) ?? "") + text);
        return text.length;
      },
      list: async () =>
        [...files].map(([name, text]) => ({ name, bytes: text.length })).toSorted(byName),
      remove: async (_folder, name) => {
        files.delete(name);
      },
      read: async () => ({ kind: "whole" }),
    },
  };
}

function byName(one: { readonly name: string }, other: { readonly name: string }): number {
  return one.name < other.name ? -1 : 1;
}

function aSampleAt(at: number): Recorded {
  return { kind: "sample", signal: "health", at, tookMs: 2, value: 0 };
}

async function withRecorder(
  settings: Partial<RecordingSettings>,
  body: (parts: {
    readonly recorder: Recorder;
    readonly disk: Disk;
    readonly failures: readonly string[];
    readonly pass: (ms: number) => Promise<void>;
    readonly now: () => number;
  }) => Promise<void>,
): Promise<void> {
  const clock = createManualClock();
  const disk = aDisk();
  const failures: string[] = [];
  const recorder = openRecorder({
    settings: { ...RecordingSettings.parse({}), ...settings },
    state: "/state",
    application: "app",
    version: "1.2.3",
    clock,
    segments: disk.segments,
    beginning: () => [BEGINNING],
    onFailure: (reason) => failures.push(reason),
  });
  const ending = new AbortController();
  const running = recorder.run(ending.signal);
  try {
    await body({
      recorder,
      disk,
      failures,
      pass: async (ms) => clock.advance(ms),
      now: () => clock.now(),
    });
  } finally {
    ending.abort();
    await running;
  }
}

describe("the recorder", () => {
  it("writes what came within ten seconds in one file, begun by its header and what was so then", async () => {
    await withRecorder({}, async ({ recorder, disk, pass, now }) => {
      const startedAt = now();
      recorder.record(aSampleAt(1));
      await pass(10_000);
      recorder.record(aSampleAt(2));
      await pass(10_000);

      const [text = ""] = disk.files.values();
      const [header, ...events] = text
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));

      expect(disk.files.size).toBe(1);
      expect(header).toEqual({
        format: "rollwatch-recording",
        version: 1,
        application: "app",
        by: "1.2.3",
        at: startedAt + 10_000,
      });
      expect(events).toEqual([BEGINNING, aSampleAt(1), aSampleAt(2)]);
    });
  });

  it("writes nothing where nothing came, and nothing at all when it is switched off", async () => {
    await withRecorder({}, async ({ disk, pass }) => {
      await pass(60_000);

      expect(disk.files.size).toBe(0);
    });
    await withRecorder({ enabled: false }, async ({ recorder, disk, pass }) => {
      recorder.record(aSampleAt(1));
      await pass(60_000);

      expect(disk.files.size).toBe(0);
    });
  });

  it("begins another file when one is full, and deletes the oldest beyond the room", async () => {
    await withRecorder({ maxSize: 16_000 }, async ({ recorder, disk, pass }) => {
      for (let batch = 0; batch < 40; batch += 1) {
        for (let tick = 0; tick < 10; tick += 1) {
          recorder.record(aSampleAt(batch * 10 + tick));
        }
        await pass(10_000);
      }

      const texts = [...disk.files.values()];
      const bytes = texts.reduce((sum, text) => sum + text.length, 0);

      expect(bytes).toBeLessThanOrEqual(16_000);
      expect(bytes).toBeGreaterThan(12_000);
      expect(texts.at(-1)).toContain('"at":399');
      expect(texts.every((text) => text.startsWith('{"format":"rollwatch-recording"'))).toBe(true);
    });
  });

  it("deletes files that are older than they are kept, and no other files", async () => {
    await withRecorder({ keep: HOUR }, async ({ recorder, disk, pass }) => {
      disk.files.set("notes.txt", "somebody's");
      for (let minute = 0; minute < 180; minute += 5) {
        recorder.record(aSampleAt(minute));
        await pass(5 * 60_000);
      }

      expect([...disk.files.keys()]).toContain("notes.txt");
      expect(disk.files.size).toBeLessThanOrEqual(1 + 8);
      expect(disk.files.size).toBeGreaterThan(5);
    });
  });

  it("stops at a full disk, says so once, and holds nothing up", async () => {
    await withRecorder({}, async ({ recorder, disk, failures, pass }) => {
      disk.fail(new Error("ENOSPC: no space left on device"));
      recorder.record(aSampleAt(1));
      await pass(10_000);
      recorder.record(aSampleAt(2));
      await pass(10_000);

      expect(failures).toEqual(["ENOSPC: no space left on device"]);
    });
  });
});

describe("the recordings since a moment", () => {
  it("are those that were begun after it, and the one that was written to then", () => {
    const names = ["20261122T110000000Z", "20261122T113000000Z", "20261122T123000000Z"].map(
      (name) => `${name}.ndjson.gz`,
    );

    expect(namesSince(names, Date.UTC(2026, 10, 22, 12))).toEqual(names.slice(1));
    expect(namesSince(names, Date.UTC(2026, 10, 22, 10))).toEqual(names);
    expect(namesSince(names, Date.UTC(2026, 10, 22, 13))).toEqual(names.slice(2));
  });
});
