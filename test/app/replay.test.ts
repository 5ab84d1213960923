import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { replayRecording } from "../../src/app/replay.ts";
import { RECORDING_VERSION, type Recorded } from "../../src/model/recording.ts";
import type { ReplayReport } from "../../src/model/replay.ts";
import { aChange, anIdentity, greenControls, NOON } from "../support/builders.ts";
import { storyConfig } from "../support/story-config.ts";
import { withTempFolder } from "../support/temp.ts";

const HEADER = {
  format: "rollwatch-recording",
  version: RECORDING_VERSION,
  application: "story",
  by: "0.1.0",
  at: NOON,
};
const BEGINNING: readonly Recorded[] = [
  { kind: "identity", at: NOON - 9000, identity: anIdentity() },
  {
    kind: "controls",
    at: NOON - 9000,
    controls: greenControls().map(({ name, state }) => ({ name, state })),
  },
  { kind: "change", at: NOON - 3000, change: aChange() },
];

function bad(from: number, count: number, signal = "health"): readonly Recorded[] {
  return Array.from({ length: count }, (_, tick) => ({
    kind: "sample",
    signal,
    at: from + tick * 2000,
    tookMs: 2,
    value: 1,
  }));
}

function text(...lines: readonly unknown[]): string {
  return lines
    .map((line) => `${typeof line === "string" ? line : JSON.stringify(line)}\n`)
    .join("");
}

/** Replays files by their names; a single one by its own path. */
async function replayOf(files: Readonly<Record<string, string | Buffer>>): Promise<ReplayReport> {
  return withTempFolder(async (folder) => {
    const place = join(folder, "rec");
    await mkdir(place);
    for (const [name, content] of Object.entries(files)) {
      await writeFile(join(place, name), content);
    }
    const [only, ...others] = Object.keys(files);
    const path = only !== undefined && others.length === 0 ? join(place, only) : place;
    const { signal } = new AbortController();
    return replayRecording(storyConfig(folder, {}), path, signal);
  });
}

describe("the replay of a recording", () => {
  it("finds the breach across the files of a folder, in the order of their names", async () => {
    const report = await replayOf({
      "b.ndjson.gz": gzipSync(text(HEADER, ...bad(NOON + 4000, 4))),
      "a.ndjson.gz": gzipSync(text(HEADER, ...BEGINNING, ...bad(NOON, 2))),
      "notes.txt": "somebody's",
    });

    expect(report.incidents).toHaveLength(1);
    expect(report.incidents[0]).toMatchObject({ since: NOON, provenAt: NOON + 4002 });
    expect(report).toMatchObject({ samples: 6, from: NOON - 9000, to: NOON + 10_000 });
    expect(report.files).toHaveLength(2);
  });

  it("reads a torn file up to the tear, and leaves out lines of another format", async () => {
    const whole = text(HEADER, ...BEGINNING, { kind: "from-the-future" }, "{", ...bad(NOON, 5));

    const report = await replayOf({ "a.ndjson": whole.slice(0, -20) });

    expect(report.samples).toBe(4);
    expect(report.files).toMatchObject([{ torn: true, unreadable: 2 }]);
  });

  it("names signals that are not configured, and configured ones that were never heard of", async () => {
    const report = await replayOf({ "a.ndjson": text(HEADER, ...bad(NOON, 3, "old")) });

    expect(report.unknownSignals).toEqual([{ signal: "old", samples: 3 }]);
    expect(report.unheardSignals).toEqual(["health", "services"]);
    expect(report.incidents).toEqual([]);
  });

  it.each([
    ["an empty file", "", "it is empty"],
    ["a text", text("hello"), "its first line is no header"],
    ["another format", text({ ...HEADER, format: "tape" }), "its first line is no header"],
    ["a newer format", text({ ...HEADER, version: RECORDING_VERSION + 1 }), "reads up to"],
    ["another application", text({ ...HEADER, application: "other" }), "of the application other"],
    ["one endless line", "x".repeat(300_000), "longer than 256 KiB"],
  ])("refuses %s", async (_name, content, reason) => {
    await expect(replayOf({ "a.ndjson": content })).rejects.toMatchObject({
      code: "recording-invalid",
      message: expect.stringContaining(reason),
    });
  });

  it("refuses a folder without recordings, and a path where nothing is", async () => {
    await withTempFolder(async (folder) => {
      const { signal } = new AbortController();
      const config = storyConfig(folder, {});

      await expect(replayRecording(config, folder, signal)).rejects.toThrow("holds no recording");
      await expect(replayRecording(config, join(folder, "x"), signal)).rejects.toMatchObject({
        code: "recording-invalid",
      });
    });
  });
});
