import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

/** A new file that is written from its beginning to its end, for its owner alone. */
export interface LinesFile {
  /** Adds lines; each gets its line break. */
  write(lines: readonly string[]): Promise<void>;
  /** Syncs and closes it; what it holds. */
  close(): Promise<{ readonly lines: number; readonly bytes: number; readonly sha256: string }>;
}

/** Makes the file, which must not exist. */
export async function createLines(path: string): Promise<LinesFile> {
  const handle = await open(path, "wx", 0o600);
  const hash = createHash("sha256");
  let lines = 0;
  let bytes = 0;
  return {
    write: async (added) => {
      if (added.length > 0) {
        const text = Buffer.from(`${added.join("\n")}\n`);
        await handle.writeFile(text);
        hash.update(text);
        lines += added.length;
        bytes += text.length;
      }
    },
    close: async () => {
      try {
        await handle.sync();
      } finally {
        await handle.close();
      }
      return { lines, bytes, sha256: hash.digest("hex") };
    },
  };
}
