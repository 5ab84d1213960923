import { constants } from "node:os";
import type { Lab } from "./lab.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Ends the present lab, if any, then the process, when somebody asks for it (a signal, or the death of the script that started this process)
 * or when an error was caught by nobody.
 */
export function endWithProcess(present: () => Lab | undefined): void {
  function end(reason: string, code: number): void {
    process.stderr.write(`\n${reason}: cleaning up …\n`);
    void (present()?.end() ?? Promise.resolve([])).then((problems) => {
      process.stderr.write(problems.map((problem) => `left behind: ${problem}\n`).join(""));
      return process.exit(code);
    });
  }
  for (const signal of SIGNALS) {
    process.on(signal, () => end(signal, 128 + constants.signals[signal]));
  }
  process.on("uncaughtException", (error) => end(error.stack ?? error.message, 1));
  process.on("unhandledRejection", (reason) => end(String(reason), 1));
  if (process.channel !== undefined) {
    process.on("disconnect", () => end("the script that started this has ended", 1));
    // Waiting for it must not keep the process alive.
    process.channel?.unref();
  }
}
