import { z } from "zod";
import type { Difference } from "../model/difference.ts";
import type { Files } from "../system/files.ts";
import { compareValues, tellValues, type Values } from "./compare-values.ts";

/** The part of npm's lock file that is read: installed packages by their folder, from version 2 on. */
const LockFile = z.object({
  packages: z.record(z.string(), z.object({ version: z.string().optional() })),
});
const FOLDER = "node_modules/";

/** The packages that differ between two lock files of npm; nothing where either is missing or of another kind. */
export async function comparePackages(
  files: Files,
  from: string,
  to: string,
): Promise<readonly Difference[]> {
  const before = await packagesIn(files, from);
  const after = await packagesIn(files, to);
  return before === undefined || after === undefined
    ? []
    : compareValues("package", before, after, (_name, then, now) => tellValues(then, now));
}

async function packagesIn(files: Files, path: string): Promise<Values | undefined> {
  const text = await files.readText(path);
  const parsed = LockFile.safeParse(text === undefined ? undefined : parseJson(text));
  if (!parsed.success) {
    return undefined;
  }
  const found = Object.entries(parsed.data.packages).filter(([folder]) =>
    folder.startsWith(FOLDER),
  );
  return new Map(
    found.map(([folder, { version }]) => [folder.slice(FOLDER.length), version ?? "linked"]),
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
