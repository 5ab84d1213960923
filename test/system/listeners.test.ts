import { once } from "node:events";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { pid } from "node:process";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { openListeners } from "../../src/system/listeners.ts";
import { listenersContract } from "../contracts/listeners.ts";
import { fakeListeners } from "../support/fakes/listeners.ts";
import { withTempFolder } from "../support/temp.ts";

const { signal } = new AbortController();

listenersContract("the kernel's", async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = z.object({ port: z.number() }).parse(server.address());
  return {
    listeners: openListeners(),
    pid,
    port,
    close: async () => {
      server.close();
      await once(server, "close");
    },
  };
});

listenersContract("the fake", async () => {
  const listeners = fakeListeners();
  listeners.listen(7, 3000);
  return { listeners, pid: 7, port: 3000, close: async () => undefined };
});

/** What the kernel would show. */
async function show(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, "proc", path)), { recursive: true });
    await (path.includes("/fd/")
      ? symlink(text, join(root, "proc", path))
      : writeFile(join(root, "proc", path), text));
  }
}

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

function row(local: string, state: string, inode: number): string {
  return `   0: ${local} 00000000:0000 ${state} 00000000:00000000 00:00000000 00000000  1000        0 ${inode} 1 0 100 0\n`;
}

describe("the machine's listeners", () => {
  it("are read from both tables, connections left out, addresses as people write them", async () => {
    await withTempFolder(async (root) => {
      await show(root, {
        "net/tcp": HEAD + row("00000000:0BB8", "0A", 1) + row("0100007F:1F90", "01", 2),
        "net/tcp6":
          HEAD +
          row("00000000000000000000000000000000:0050", "0A", 3) +
          row("00000000000000000000000001000000:0051", "0A", 4) +
          row("0000000000000000FFFF00000A01A8C0:0052", "0A", 5) +
          row("B80D0120000000000000000001000000:0053", "0A", 6),
      });

      const all = await openListeners(root).all(signal);

      expect(all).toEqual([
        { host: "::", port: 80 },
        { host: "::1", port: 81 },
        { host: "192.168.1.10", port: 82 },
        { host: "2001:db8:0:0:0:0:0:1", port: 83 },
        { host: "0.0.0.0", port: 3000 },
      ]);
    });
  });

  it("of a process are also those of what it started", async () => {
    await withTempFolder(async (root) => {
      await show(root, {
        "net/tcp": HEAD + row("0100007F:0BB8", "0A", 11) + row("0100007F:0BB9", "0A", 12),
        "10/task/10/children": "20 ",
        "20/task/20/children": "30 ",
        "30/fd/3": "socket:[11]",
        "30/fd/4": "/dev/null",
        "40/fd/3": "socket:[12]",
      });

      const found = await openListeners(root).of(10, signal);

      expect(found).toEqual([{ host: "127.0.0.1", port: 3000 }]);
    });
  });

  it("are nobody where there is no /proc", async () => {
    const root = await mkdtemp("/tmp/rw-");

    expect(await openListeners(root).all(signal)).toEqual([]);
    await rm(root, { recursive: true });
  });
});
