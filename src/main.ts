#!/usr/bin/env node
import { existsSync, readFileSync } from "node:fs";
import { z } from "zod";
import { composeActions, composeOperations, runDaemon } from "./app/compose.ts";
import { deployUnderLock } from "./app/deploy-lock.ts";
import { exportIncident, followUps } from "./app/export-incident.ts";
import { openGuardOutside } from "./app/guard-outside.ts";
import { openDatabaseRows } from "./app/database-rows.ts";
import { openDoctor } from "./app/doctor.ts";
import { runInit } from "./app/init.ts";
import { testChannels } from "./app/test-channels.ts";
import { replayRecording } from "./app/replay.ts";
import { askOn } from "./cli/ask.ts";
import { runCli } from "./cli/program.ts";
import { printable } from "./cli/style.ts";
import { processEnvironment } from "./config/environment.ts";
import { openClock } from "./system/clock.ts";

/** Aborts when somebody wants this process to end: a signal, pm2's `shutdown`, or a pm2 that died. */
function untilAsked(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      controller.abort(new Error(name));
    });
  }
  process.on("message", (message) => {
    if (message === "shutdown") {
      controller.abort(new Error("shutdown"));
    }
  });
  // A pm2 that was killed leaves its children behind; a new one would start a second rollwatch beside this.
  process.on("disconnect", () => {
    controller.abort(new Error("pm2 is gone"));
  });
  return controller.signal;
}

/** A reader that left, as `head` does, is no failure. */
function tolerateClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") {
      throw error;
    }
  });
}

function ownVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

tolerateClosedPipe(process.stdout);
tolerateClosedPipe(process.stderr);
const clock = openClock();
const code = await runCli(
  process.argv.slice(2),
  {
    out: (text) => {
      process.stdout.write(printable(text));
    },
    err: (text) => {
      process.stderr.write(printable(text));
    },
    environment: processEnvironment(),
    isTerminal: process.stdout.isTTY,
    canAsk: process.stdin.isTTY && process.stdout.isTTY,
    ask: async (question, signal) =>
      askOn({ input: process.stdin, output: process.stderr }, question, signal),
    sleep: async (ms, signal) => clock.sleep(ms, signal),
    host: {
      version: ownVersion(),
      pid: process.pid,
      nodeVersion: process.version,
      announceReady: () => {
        process.send?.("ready");
      },
    },
    now: () => clock.now(),
    exists: existsSync,
    openOperations: composeOperations,
    openActions: composeActions,
    openDatabaseRows,
    init: runInit,
    doctor: openDoctor,
    exportIncident,
    followUps,
    replay: replayRecording,
    runDaemon,
    deployUnderLock,
    openGuardOutside,
    testChannels,
  },
  untilAsked(),
);
process.exit(code);
