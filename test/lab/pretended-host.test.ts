import { readFile, readlink, stat } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openPretendedHost } from "../../lab/pretended-host.ts";
import { withLabParts } from "../support/lab-parts.ts";

function kilobytesOf(name: string, info: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "mu").exec(info)?.[1]);
}

describe("the pretended host of a lab", () => {
  it("shows the real machine until it pretends to be full, and the real one again after", async () => {
    await withLabParts(async (lab) => {
      const host = await openPretendedHost(lab);
      const file = join(host.root, "proc", "meminfo");
      const before = await readFile(file, "utf8");
      await host.pretend(true);
      const full = await readFile(file, "utf8");
      await host.pretend(false);
      const after = await readFile(file, "utf8");

      const total = kilobytesOf("MemTotal", before);
      expect(total).toBeGreaterThan(0);
      expect(kilobytesOf("MemTotal", full)).toBe(total);
      expect(kilobytesOf("MemAvailable", full)).toBe(Math.round(total / 50));
      expect(kilobytesOf("MemAvailable", before)).not.toBe(Math.round(total / 50));
      expect(kilobytesOf("MemAvailable", after)).not.toBe(Math.round(total / 50));
    });
  });

  it("shows the machine's own processes", async () => {
    await withLabParts(async (lab) => {
      const { root } = await openPretendedHost(lab);
      const own = join(root, "proc", String(process.pid));

      expect(await readlink(own)).toBe(`/proc/${process.pid}`);
      expect((await stat(own)).isDirectory()).toBe(true);
    });
  });
});
