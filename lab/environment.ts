import path from "node:path";
import { fileURLToPath } from "node:url";

/** The clone that this file belongs to. */
export const ROOT = path.resolve(fileURLToPath(new URL("..", import.meta.url)));

export type Environment = Readonly<Record<string, string>>;

/** The variable by which the processes of a lab are recognised; its value is the lab's folder. */
export const LAB_VARIABLE = "ROLLWATCH_LAB";

/** The environment of everything a lab starts: what programs need to be found, and nothing of the person's who runs it. */
export function labEnvironment(folder: string, additions: Environment = {}): Environment {
  return constructedEnvironment({ [LAB_VARIABLE]: folder, ...additions });
}

/** The same without the mark of a lab, for a program that only helps. */
export function constructedEnvironment(additions: Environment = {}): Environment {
  const node = path.dirname(process.execPath);
  return {
    PATH: `${node}${path.delimiter}${process.env["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"}`,
    HOME: process.env["HOME"] ?? "/",
    LANG: "C.UTF-8",
    ...additions,
  };
}

/** npm's environment: the person's own, because proxies, registries and caches are theirs to choose. */
export function npmEnvironment(): Environment {
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    if (value !== undefined && name !== "NODE_ENV" && name !== "NODE_OPTIONS") {
      own[name] = value;
    }
  }
  return { ...own, npm_config_update_notifier: "false" };
}
