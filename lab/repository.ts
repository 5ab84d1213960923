import { appendFile, copyFile, cp, mkdir, rm } from "node:fs/promises";
import path from "node:path";
import { run } from "./command.ts";
import { type Environment, labEnvironment } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { addUsualDependencies } from "./usual-dependencies.ts";
import { EXAMPLE, type ExampleRelease, overlayOf } from "./releases.ts";

/** The repository from which the watched system's team deploys. */
export interface Repository {
  readonly folder: string;
  readonly env: Environment;
  /** Commits and tags a release; returns its commit. */
  publish(release: ExampleRelease): Promise<string>;
}

/** Folders of the example that its repository does not have. */
const NOT_PUBLISHED = new Set(["releases", "upstream", "node_modules", "dist", ".git", ".env"]);

/** How many packages the releases depend on: the example's own few, or as many as such a service usually has. */
export type Dependencies = "few" | "usual";

/** Makes the team's repository with the good release as its first commit, tagged `v1.4.0`. */
export async function createRepository(lab: Lab, dependencies: Dependencies): Promise<Repository> {
  const folder = path.join(lab.folder, "origin");
  const env = gitEnvironment(lab.folder);
  await mkdir(folder);
  await cp(EXAMPLE, folder, {
    recursive: true,
    filter: (source) => !NOT_PUBLISHED.has(path.relative(EXAMPLE, source)),
  });
  await copyFile(path.join(folder, "gitignore.template"), path.join(folder, ".gitignore"));
  await git(folder, env, ["init", "--quiet", "--initial-branch=main"]);
  await complete(folder, dependencies);
  const repository: Repository = {
    folder,
    env,
    async publish(release) {
      await cp(overlayOf(release), folder, { recursive: true });
      for (const file of release.delete) {
        await rm(path.join(folder, file), { recursive: true, force: true });
      }
      await complete(folder, dependencies);
      return commit(folder, env, `v${release.version}`, release.title);
    },
  };
  await commit(folder, env, "v1.4.0", "Radiation Health Monitoring System");
  return repository;
}

async function complete(folder: string, dependencies: Dependencies): Promise<void> {
  if (dependencies === "usual") {
    await addUsualDependencies(folder);
  }
}

/** A work tree at the newest commit of the repository, as on a host. */
export async function cloneRepository(repository: Repository, folder: string): Promise<void> {
  await git(path.dirname(folder), repository.env, ["clone", "--quiet", repository.folder, folder]);
  // Nothing that runs later in the lab asks for a name or writes to a remote.
  await appendFile(path.join(folder, ".git", "info", "exclude"), "/node_modules.new\n");
}

/** Runs git in a folder and returns its output without the last line end. */
export async function git(
  folder: string,
  env: Environment,
  args: readonly string[],
): Promise<string> {
  return run("git", args, { cwd: folder, env });
}

/** Nobody's configuration, so that no hook, signature or template of a person comes into it. */
function gitEnvironment(labFolder: string): Environment {
  const person = { NAME: "Deployment", EMAIL: "deployment@example.org" };
  return labEnvironment(labFolder, {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
    GIT_TERMINAL_PROMPT: "0",
    GIT_AUTHOR_NAME: person.NAME,
    GIT_AUTHOR_EMAIL: person.EMAIL,
    GIT_COMMITTER_NAME: person.NAME,
    GIT_COMMITTER_EMAIL: person.EMAIL,
  });
}

async function commit(
  folder: string,
  env: Environment,
  tag: string,
  message: string,
): Promise<string> {
  await git(folder, env, ["add", "--all"]);
  await git(folder, env, ["commit", "--quiet", "--message", `${tag}: ${message}`]);
  await git(folder, env, ["tag", "--annotate", tag, "--message", message]);
  return git(folder, env, ["rev-parse", "HEAD"]);
}
