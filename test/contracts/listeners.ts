import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Listeners } from "../../src/system/listeners.ts";

/** Listeners under test, with a process that listens on a port of 127.0.0.1. */
export interface ListenersUnderTest {
  readonly listeners: Listeners;
  readonly pid: number;
  readonly port: number;
  readonly close: () => Promise<void>;
}

const { signal } = new AbortController();

/** What everybody's listeners promise. */
export function listenersContract(name: string, open: () => Promise<ListenersUnderTest>): void {
  describe(`the contract of listeners: ${name}`, () => {
    let under: ListenersUnderTest;

    beforeEach(async () => {
      under = await open();
    });

    afterEach(async () => {
      await under.close();
    });

    it("knows where a process listens", async () => {
      const found = await under.listeners.of(under.pid, signal);

      expect(found).toContainEqual({ host: "127.0.0.1", port: under.port });
    });

    it("knows nothing of a process that is gone", async () => {
      expect(await under.listeners.of(2 ** 30, signal)).toEqual([]);
    });

    it("knows everybody who listens", async () => {
      const found = await under.listeners.all(signal);

      expect(found).toContainEqual({ host: "127.0.0.1", port: under.port });
    });

    it("throws the reason of an aborted signal", async () => {
      const reason = new Error("told to stop");

      await expect(under.listeners.all(AbortSignal.abort(reason))).rejects.toBe(reason);
      await expect(under.listeners.of(under.pid, AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}
