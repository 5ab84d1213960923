import { describe, expect, it } from "vitest";
import type { Pm2Events, ServiceEvent } from "../../src/system/pm2-events.ts";

/** A bus under test, and how pm2 speaks on it. */
export interface Pm2EventsUnderTest {
  readonly events: Pm2Events;
  /** Resolves when somebody listens. */
  readonly heard: () => Promise<void>;
  readonly tell: (event: ServiceEvent) => void;
  readonly close: () => Promise<void>;
}

/** What every bus of pm2 promises. */
export function pm2EventsContract(name: string, open: () => Promise<Pm2EventsUnderTest>): void {
  describe(`the contract of pm2's events: ${name}`, () => {
    it("tells events in their order until its signal aborts", async () => {
      const under = await open();
      const ending = new AbortController();
      const seen: ServiceEvent[] = [];
      const both = new Promise<void>((resolve) => {
        const listening = under.events.listen((event) => {
          seen.push(event);
          if (seen.length === 2) {
            resolve();
          }
        }, ending.signal);
        listening.catch(() => undefined);
      });
      await under.heard();

      under.tell({ service: "api", event: "exit" });
      under.tell({ service: "api", event: "online" });
      await both;

      expect(seen).toEqual([
        { service: "api", event: "exit" },
        { service: "api", event: "online" },
      ]);
      ending.abort();
      await under.close();
    });

    it("ends with the reason of its signal", async () => {
      const under = await open();
      const ending = new AbortController();
      const listening = under.events.listen(() => undefined, ending.signal);

      ending.abort(new Error("over"));

      await expect(listening).rejects.toThrow("over");
      await under.close();
    });
  });
}
