import { delimiter, isAbsolute, join } from "node:path";
import type { Config } from "../config/schema.ts";
import type { Environment } from "../config/environment.ts";
import { Failure } from "../model/failure.ts";
import type { World } from "./world.ts";

/** Modes beyond the owner's: a state folder that others may read would show them secrets. */
const OTHERS = 0o077;

/** Refuses to begin where a rollback could not work: folders and programs are looked at, nothing is changed but the state folder made. */
export async function checkPlaces(
  config: Config,
  world: World,
  environment: Environment,
): Promise<void> {
  const { root, pm2Home, pm2Program, source } = config.application;
  await demandFolder(world, root, "application.root");
  await demandFolder(world, pm2Home, "application.pm2Home");
  await makeState(config, world);
  if (source === "git") {
    const hint = "Install git, or name another `application.source`.";
    await demandProgram(world, "git", environment, hint);
  }
  await demandProgram(
    world,
    pm2Program,
    environment,
    "Install pm2, or set application.pm2Program to its absolute path.",
  );
}

/** Refuses a path that is no folder. */
export async function demandFolder({ files }: World, path: string, key: string): Promise<void> {
  const kind = await files.kind(path);
  if (kind !== "directory" && kind !== "link") {
    throw new Failure("path-refused", `${key} names ${path}, which is ${tellKind(kind)}`, {
      hint: `Correct ${key}, or make the folder.`,
    });
  }
}

function tellKind(kind: string): string {
  return kind === "absent" ? "not there" : `no folder but a ${kind}`;
}

async function makeState(config: Config, { files }: World): Promise<void> {
  const { state } = config;
  await files.makeFolder(state, 0o700);
  const { mode } = await files.access(state);
  if ((mode & OTHERS) !== 0) {
    throw new Failure(
      "state-exposed",
      `the state folder ${state} is open to others (mode ${(mode & 0o777).toString(8)})`,
      { hint: `It holds secrets: chmod 700 ${state}` },
    );
  }
}

/** Refuses a program that is not in PATH, or not at its absolute path. */
export async function demandProgram(
  { files }: World,
  program: string,
  environment: Environment,
  hint: string,
): Promise<void> {
  const folders = (environment["PATH"] ?? "").split(delimiter).filter((one) => one !== "");
  const places = isAbsolute(program) ? [program] : folders.map((folder) => join(folder, program));
  for (const place of places) {
    if ((await files.kind(place)) !== "absent") {
      return;
    }
  }
  throw new Failure("program-missing", `there is no program ${program} in PATH`, { hint });
}
