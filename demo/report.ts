import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../lab/command.ts";
import { constructedEnvironment, ROOT } from "../lab/environment.ts";
import type { Watcher } from "../lab/watcher.ts";

/** rollwatch writes its samples down every ten seconds: the last ones belong to the report. */
const RECORDED_AFTER_MS = 11_000;
const FORMATS = { markdown: "md", html: "html" } as const;

/** Writes the report of an incident of the lab as a person would, by the command; returns the files. */
export async function writeReports(
  watcher: Watcher,
  incident: string,
  { folder, name }: { readonly folder: string; readonly name: string },
): Promise<readonly string[]> {
  await sleep(RECORDED_AFTER_MS);
  await mkdir(folder, { recursive: true });
  const env = { ...constructedEnvironment(), ...watcher.variables };
  const files: string[] = [];
  for (const [format, suffix] of Object.entries(FORMATS)) {
    const args = ["incident", "export", incident, "--format", format];
    const config = ["--config", watcher.configuration];
    const text = await run(
      process.execPath,
      [path.join(ROOT, "dist/main.js"), ...args, ...config],
      {
        cwd: path.dirname(watcher.configuration),
        env,
      },
    );
    const file = path.join(folder, `${name}.${suffix}`);
    await writeFile(file, `${text.trimEnd()}\n`);
    files.push(file);
  }
  return files;
}
