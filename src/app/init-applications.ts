import { dirname } from "node:path";
import { ServiceName } from "../model/application.ts";
import type { InitChoice } from "../model/init.ts";
import type { Service } from "../model/service.ts";
import { isInside } from "../release/paths.ts";
import type { Git } from "../system/git.ts";
import type { Definition, Pm2 } from "../system/pm2.ts";

/** The services of one work tree. */
export interface Application {
  readonly root: string;
  /** Whether the root is the top of a git work tree. */
  readonly isGit: boolean;
  readonly services: readonly Service[];
  /** How pm2 starts them, with their environments. Secret. */
  readonly definitions: readonly Definition[];
  /** Services whose names rollwatch refuses: patterns, numbers, `all`. */
  readonly unnameable: readonly string[];
}

/** The applications of one pm2, grouped by the git work tree that each service works in, else by its folder. */
export async function listApplications(
  { pm2, git }: { readonly pm2: Pm2; readonly git: Git },
  home: string,
  signal: AbortSignal,
): Promise<readonly Application[]> {
  const names = await pm2.names(signal);
  const services = await pm2.services(names, signal);
  const definitions = await pm2.definitions(names, signal);
  const groups = new Map<string, Service[]>();
  const tops = new Set<string>();
  for (const service of services) {
    const place = await placeOf(git, service);
    // What pm2 installed for itself lies in its own home.
    if (place !== undefined && !isInside(place.root, home)) {
      groups.set(place.root, [...(groups.get(place.root) ?? []), service]);
      if (place.isGit) {
        tops.add(place.root);
      }
    }
  }
  return [...groups].map(([root, members]) => ({
    root,
    isGit: tops.has(root),
    services: members.filter(({ name }) => isNameable(name)),
    definitions: definitions.filter(({ name }) => members.some((one) => one.name === name)),
    unnameable: members.map(({ name }) => name).filter((name) => !isNameable(name)),
  }));
}

/** An application among several, for a person who must choose. */
export function choiceOf({ root, services }: Application): InitChoice {
  return { root, services: services.map((service) => service.name) };
}

function isNameable(name: string): boolean {
  return ServiceName.safeParse(name).success;
}

async function placeOf(
  git: Git,
  { instances }: Service,
): Promise<{ readonly root: string; readonly isGit: boolean } | undefined> {
  const [instance] = instances;
  if (instance === undefined) {
    return undefined;
  }
  const { cwd, script } = instance;
  const top = (await topOf(git, cwd)) ?? (await topOf(git, dirname(script)));
  return top === undefined ? { root: cwd, isGit: false } : { root: top, isGit: true };
}

async function topOf(git: Git, folder: string): Promise<string | undefined> {
  for (let place = folder; ; place = dirname(place)) {
    if (await git.isTop(place)) {
      return place;
    }
    if (place === dirname(place)) {
      return undefined;
    }
  }
}
