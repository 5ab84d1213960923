import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Config } from "../config/schema.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { Recorded, RECORDING_VERSION, RecordingHeader } from "../model/recording.ts";
import type { ReplayReport } from "../model/replay.ts";
import { createReplay, type Replay } from "../replay/replay.ts";
import { SUPPOSED } from "../replay/situation.ts";
import { openSegments } from "../system/segments.ts";
import { replaySetup, replayWatching } from "./replay-setup.ts";

const KNOWN_NAME = /\.ndjson(\.gz)?$/u;
const HINT =
  "name a file or the folder `recordings` in the state folder of a daemon of this application";

type FileReport = ReplayReport["files"][number];

/** What was read so far. */
interface Reading {
  readonly replay: Replay;
  readonly samples: Map<string, number>;
  from: number | null;
  to: number | null;
}

/** Judges a recording, or all of a folder in the order of their names, by this configuration. Throws `recording-invalid`. */
export async function replayRecording(
  config: Config,
  path: string,
  signal: AbortSignal,
): Promise<ReplayReport> {
  const setup = replaySetup(config);
  const replay = createReplay(setup, replayWatching(setup));
  const reading: Reading = { replay, samples: new Map(), from: null, to: null };
  const files: FileReport[] = [];
  for (const file of await filesAt(path)) {
    signal.throwIfAborted();
    files.push(await readFile(reading, file, config.application.name));
  }
  const known = new Set(setup.rules.map((rule) => rule.name));
  const counts = [...reading.samples];
  return {
    application: config.application.name,
    from: reading.from,
    to: reading.to,
    samples: counts.reduce((sum, [, samples]) => sum + samples, 0),
    incidents: [...replay.incidents()],
    unknownSignals: counts
      .filter(([name]) => !known.has(name))
      .map(([name, samples]) => ({ signal: name, samples })),
    unheardSignals: [...known].filter((name) => !reading.samples.has(name)),
    files,
    supposed: [...SUPPOSED],
  };
}

async function filesAt(path: string): Promise<readonly string[]> {
  const facts = await stat(path).catch((error: unknown) => {
    throw new Failure("recording-invalid", `cannot read ${path}: ${messageOf(error)}`, {
      hint: HINT,
      cause: error,
    });
  });
  if (!facts.isDirectory()) {
    return [path];
  }
  const names = (await openSegments().list(path)).map((one) => one.name);
  const files = names.filter((name) => KNOWN_NAME.test(name)).map((name) => join(path, name));
  if (files.length === 0) {
    throw new Failure("recording-invalid", `${path} holds no recording (*.ndjson.gz)`, {
      hint: HINT,
    });
  }
  return files;
}

async function readFile(reading: Reading, file: string, application: string): Promise<FileReport> {
  let isBegun = false;
  let unreadable = 0;
  const end = await openSegments().read(file, (line) => {
    const value = parsed(line);
    if (!isBegun) {
      checkHeader(value, file, application);
      isBegun = true;
    } else if (!take(reading, value)) {
      unreadable += 1;
    }
  });
  if (end.kind === "refused" || !isBegun) {
    const reason = end.kind === "refused" ? end.reason : "it is empty";
    throw new Failure("recording-invalid", `${file} is no recording: ${reason}`, { hint: HINT });
  }
  return { file, torn: end.kind === "torn", unreadable };
}

function checkHeader(value: unknown, file: string, application: string): void {
  const header = RecordingHeader.safeParse(value).data;
  if (header === undefined) {
    throw new Failure("recording-invalid", `${file} is no recording: its first line is no header`, {
      hint: HINT,
    });
  }
  if (header.version > RECORDING_VERSION) {
    const message = `${file} is of format ${header.version}, by rollwatch ${header.by}; this one reads up to ${RECORDING_VERSION}`;
    throw new Failure("recording-invalid", message, {
      hint: "replay it with the version that wrote it, or a newer one",
    });
  }
  if (header.application !== application) {
    const message = `${file} is of the application ${header.application}, the configuration is of ${application}`;
    throw new Failure("recording-invalid", message, {
      hint: "name the configuration of that application with --config",
    });
  }
}

/** Whether the value was one of this format. */
function take(reading: Reading, value: unknown): boolean {
  const event = Recorded.safeParse(value).data;
  if (event === undefined) {
    return false;
  }
  if (event.kind === "sample") {
    reading.samples.set(event.signal, (reading.samples.get(event.signal) ?? 0) + 1);
  }
  reading.from ??= event.at;
  reading.to = Math.max(reading.to ?? event.at, event.at);
  reading.replay.take(event);
  return true;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
