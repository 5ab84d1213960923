import { cp, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Lab } from "../../../lab/lab.ts";
import { openPm2Home, type Pm2Home } from "../../../lab/pm2-home.ts";
import { git } from "../../../lab/repository.ts";

/** An application that has nothing to do with the example, under a pm2 of its own. */
export interface PlainApp {
  readonly root: string;
  readonly url: string;
  readonly pm2: Pm2Home;
  /** Deploys a release whose API cannot start, as a person does: a commit and a restart. */
  deployBad(): Promise<void>;
}

const SOURCE = join(import.meta.dirname, "..", "..", "support", "plain-app");
const START_LIMIT_MS = 30_000;

/** Nobody's configuration. */
const GIT = {
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_AUTHOR_NAME: "Deployment",
  GIT_AUTHOR_EMAIL: "deployment@example.org",
  GIT_COMMITTER_NAME: "Deployment",
  GIT_COMMITTER_EMAIL: "deployment@example.org",
};

/** Makes its repository, starts both services with these variables, and returns when it answers. */
export async function startPlainApp(
  lab: Lab,
  variables: Readonly<Record<string, string>>,
): Promise<PlainApp> {
  const root = join(lab.folder, "desk");
  const port = await lab.port();
  const url = `http://127.0.0.1:${port}`;
  const pm2 = await openPm2Home(lab, join(lab.folder, "pm2"), {
    ...variables,
    PORT: String(port),
    PARCELS: join(lab.folder, "parcels"),
  });
  const env = { ...pm2.env, ...GIT };

  async function commit(message: string): Promise<void> {
    await git(root, env, ["add", "--all"]);
    await git(root, env, ["commit", "--quiet", "--message", message]);
  }

  await cp(SOURCE, root, { recursive: true });
  await rename(join(root, "gitignore.template"), join(root, ".gitignore"));
  await git(root, env, ["init", "--quiet", "--initial-branch=main"]);
  await commit("Parcels are counted");
  await pm2.command(["start", "src/api.cjs", "--name", "desk-api"], root);
  await pm2.command(["start", "src/worker.cjs", "--name", "desk-worker"], root);
  await pm2.command(["save"], root);
  await untilAnswers(`${url}/healthz`);
  return {
    root,
    url,
    pm2,
    async deployBad() {
      const path = join(root, "src", "api.cjs");
      await writeFile(path, `${await readFile(path, "utf8")}\n}) // one too many\n`);
      await commit("Parcels are counted faster");
      await pm2.command(["restart", "desk-api", "desk-worker"], root);
    },
  };
}

async function untilAnswers(url: string): Promise<void> {
  const limit = AbortSignal.timeout(START_LIMIT_MS);
  while (
    !(await fetch(url, { signal: limit }).then(
      ({ ok }) => ok,
      () => false,
    ))
  ) {
    await sleep(50, undefined, { signal: limit });
  }
}
