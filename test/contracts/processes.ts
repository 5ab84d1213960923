import { describe, expect, it } from "vitest";
import type { Command } from "../../src/system/process-run.ts";
import type { Processes } from "../../src/system/process.ts";

/** Processes under test, with a command that exits with 0 and prints nothing. */
export interface ProcessesUnderTest {
  readonly processes: Processes;
  readonly quiet: Command;
}

/** What all processes promise. */
export function processesContract(name: string, open: () => ProcessesUnderTest): void {
  describe(`the contract of processes: ${name}`, () => {
    it("tells the end of a program that says nothing", async () => {
      const { processes, quiet } = open();

      const finished = await processes.run(quiet, new AbortController().signal);

      expect(finished).toEqual({
        kind: "exited",
        status: 0,
        stdout: "",
        stderr: "",
        truncated: false,
      });
    });

    it("starts nothing for a signal that was aborted before", async () => {
      const { processes, quiet } = open();
      const reason = new Error("told to stop");

      const running = processes.run(quiet, AbortSignal.abort(reason));

      await expect(running).rejects.toBe(reason);
    });

    it("knows nothing of a pid that nobody has", async () => {
      const { processes } = open();

      expect(await processes.look(2 ** 30)).toBeUndefined();
      expect(await processes.environment(2 ** 30)).toBeUndefined();
    });

    it("finds nobody deploying in a folder where nobody works", async () => {
      const { processes } = open();

      expect(await processes.deployingIn("/no/such/folder")).toEqual([]);
    });

    it("finds nobody by a beginning that no command line has", async () => {
      const { processes } = open();

      expect(await processes.titled("no such program 4711")).toEqual([]);
    });

    it("tells the ends of two of which one reads what the other says", async () => {
      const { processes, quiet } = open();

      const both = await processes.runPiped(quiet, quiet, new AbortController().signal);

      expect(both).toMatchObject([
        { kind: "exited", status: 0 },
        { kind: "exited", status: 0 },
      ]);
    });

    it("has nothing left behind, and nothing that would not end, where nothing was run", async () => {
      const { processes } = open();

      expect(await processes.endLeftBehind()).toBe(0);
      expect(await processes.stuck()).toEqual([]);
    });
  });
}
