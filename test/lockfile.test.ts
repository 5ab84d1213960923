import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const LockFile = z.object({
  packages: z.record(
    z.string(),
    z.object({ optionalDependencies: z.record(z.string(), z.string()).optional() }),
  ),
});

function readLock(path: string): z.infer<typeof LockFile> {
  return LockFile.parse(JSON.parse(readFileSync(resolve(import.meta.dirname, "..", path), "utf8")));
}

describe("package-lock.json", () => {
  it("names the optional packages of every platform, so that `npm ci` works on all of them", () => {
    const { packages } = readLock("package-lock.json");
    const names = new Set(
      Object.keys(packages).map((path) => path.replace(/^.*node_modules\//u, "")),
    );
    const optional = Object.values(packages).flatMap((one) =>
      Object.keys(one.optionalDependencies ?? {}),
    );

    expect(optional.length).toBeGreaterThan(0);
    expect(optional.filter((name) => !names.has(name))).toEqual([]);
  });

  it.each(["package-lock.json", "examples/radiation-health/package-lock.json"])(
    "%s names no registry, so that each machine uses its own",
    (path) => {
      const text = readFileSync(resolve(import.meta.dirname, "..", path), "utf8");

      expect(text).not.toContain('"resolved"');
    },
  );
});
