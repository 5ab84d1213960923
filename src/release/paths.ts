import type { ApplicationSettings } from "../model/application.ts";
import type { CapturedPath, Release } from "../model/release.ts";

/** A configuration file of the application with its kind (`environment`, `database`, `monitoring`). */
export interface ConfigPath {
  readonly path: string;
  readonly kindOfConfig: string;
}

/** The paths that make up a release, relative to the application's root; configuration files may lie inside artefacts. */
export interface ReleasePaths {
  readonly artifacts: readonly string[];
  readonly configFiles: readonly ConfigPath[];
  /** What is copied and switched: each path that lies inside no other. */
  readonly units: readonly string[];
}

/** The paths of a release as the configuration names them, cleaned and each once. */
export function releasePaths(application: ApplicationSettings): ReleasePaths {
  const artifacts = unique(application.artifacts.map(clean));
  const configFiles = Object.entries(application.configFiles).flatMap(([kindOfConfig, paths]) =>
    unique(paths.map(clean)).map((path) => ({ path, kindOfConfig })),
  );
  return {
    artifacts,
    configFiles,
    units: outermost([...artifacts, ...configFiles.map((file) => file.path)]),
  };
}

/** What a rollback to a release puts back: each of its paths that lies inside no other. */
export function releaseUnits(release: Release): readonly CapturedPath[] {
  const captured: readonly CapturedPath[] = [...release.artifacts, ...release.configFiles];
  const units = outermost(captured.map(({ path }) => path));
  return units.flatMap((unit) => captured.find(({ path }) => path === unit) ?? []);
}

/** The paths that lie inside no other of the list, each once, in the order given. */
export function outermost(paths: readonly string[]): readonly string[] {
  return unique(paths).filter(
    (path) => !paths.some((other) => other !== path && isInside(path, other)),
  );
}

/** Whether `path` is `folder` or something below it. */
export function isInside(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}

/** `./a//b/` is `a/b`. */
function clean(path: string): string {
  return path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function unique(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)];
}
