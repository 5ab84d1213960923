import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../../../lab/command.ts";
import { constructedEnvironment, ROOT } from "../../../lab/environment.ts";

/** What rollwatch reads of its own package. */
const PACKAGE = { type: "module", version: "0.0.0-compiled" };

/** Compiles a TypeScript program of the clone into a folder of its own: it starts twice as fast as through tsx. Returns its path. */
export async function compile(program: string, folder: string): Promise<string> {
  await mkdir(folder);
  await symlink(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await writeFile(join(folder, "package.json"), JSON.stringify(PACKAGE));
  const project = {
    extends: join(ROOT, "tsconfig.build.json"),
    compilerOptions: { rootDir: ROOT, outDir: folder, noCheck: true, sourceMap: false },
    include: [],
    files: [join(ROOT, program)],
  };
  await writeFile(join(folder, "tsconfig.json"), JSON.stringify(project));
  const compiler = join(ROOT, "node_modules", ".bin", "tsc");
  await run(compiler, ["--project", folder], { cwd: folder, env: constructedEnvironment() });
  return join(folder, program.replace(/\.ts$/u, ".js"));
}
