import { describe, expect, it } from "vitest";
import type { Tcp } from "../../src/system/tcp.ts";

/** A Tcp, a port of 127.0.0.1 that somebody listens on, and one that nobody does. */
export interface TcpUnderTest {
  readonly tcp: Tcp;
  readonly open: number;
  readonly closed: number;
}

/** What every Tcp promises. */
export function tcpContract(name: string, prepare: () => Promise<TcpUnderTest>): void {
  describe(`the contract of TCP: ${name}`, () => {
    it("connects where somebody listens", async () => {
      const { tcp, open } = await prepare();

      const knocked = await tcp.connect(at(open), live());

      expect(knocked).toMatchObject({ kind: "open", milestones: [{ name: "connect" }] });
    });

    it("is refused where nobody does", async () => {
      const { tcp, closed } = await prepare();

      const knocked = await tcp.connect(at(closed), live());

      expect(knocked).toMatchObject({ kind: "failed", reason: "refused", milestones: [] });
    });

    it("throws the reason of a signal that was aborted before", async () => {
      const { tcp, open } = await prepare();
      const reason = new Error("told to stop");

      await expect(tcp.connect(at(open), AbortSignal.abort(reason))).rejects.toBe(reason);
    });
  });
}

function at(port: number): { readonly host: string; readonly port: number; timeoutMs: number } {
  return { host: "127.0.0.1", port, timeoutMs: 5000 };
}

function live(): AbortSignal {
  return new AbortController().signal;
}
