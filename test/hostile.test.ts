import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join, normalize } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openPeople } from "../src/api/people.ts";
import { type Api, openApi } from "../src/api/server.ts";
import { PauseRequest } from "../src/model/actions.ts";
import { Failure } from "../src/model/failure.ts";
import { RelativePath, ServiceName } from "../src/model/application.ts";
import { confine } from "../src/release/confine.ts";
import { openClock } from "../src/system/clock.ts";
import { openFiles } from "../src/system/files.ts";
import { openGit, type Git } from "../src/system/git.ts";
import { openProcesses } from "../src/system/process.ts";
import { fakeOperations } from "./support/fakes/operations.ts";
import { HOSTILE } from "./support/hostile.ts";
import { ask, servedPorts } from "./support/served.ts";

const { signal } = new AbortController();
const clock = openClock();
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";

/** Each with what is shown of it. */
const CASES = HOSTILE.map((name) => [JSON.stringify(name).slice(0, 40), name] as const);

let folder = "";

beforeAll(async () => {
  folder = await mkdtemp("/tmp/rwG-");
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** git as a person uses it; its answer, or undefined where it refuses. */
async function person(args: readonly string[]): Promise<string | undefined> {
  const env = { PATH, HOME: folder, GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C" };
  const who = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"];
  const options = {
    cwd: join(folder, "repository"),
    env,
    extendEnv: false,
    reject: false,
  } as const;
  try {
    const done = await execa("git", [...who, ...args], options);
    return done.exitCode === 0 ? done.stdout : undefined;
  } catch {
    return undefined; // an argument with a NUL is none
  }
}

/** `refused`, with what to do about it, or what came of it. */
async function told<T>(work: () => Promise<T>): Promise<T | "refused"> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Failure && error.hint !== "") {
      return "refused";
    }
    throw error;
  }
}

describe("with a real git", () => {
  let root = "";
  let git: Git;
  let commit = "";

  beforeAll(async () => {
    root = join(folder, "repository");
    await mkdir(root);
    await writeFile(join(root, "app.js"), "");
    await person(["init", "-q"]);
    await person(["add", "app.js"]);
    await person(["commit", "-q", "-m", "one"]);
    commit = (await person(["rev-parse", "HEAD"])) ?? "";
    git = openGit(openProcesses(clock), { PATH, HOME: root }, clock);
  });

  it.each(CASES)("a tag named %s is refused, or names its commit", async (_shown, name) => {
    const isThere = (await person(["update-ref", `refs/tags/${name}`, commit])) !== undefined;

    const resolved = await told(async () => git.resolveTag(root, name, signal));
    const made = await told(async () => git.tag(root, name, commit, "words", signal));

    expect(resolved === "refused" || resolved === (isThere ? commit : null)).toBe(true);
    expect([made, resolved]).toEqual(
      made === "refused" ? ["refused", "refused"] : [undefined, resolved],
    );
    expect((await readdir(root)).toSorted()).toEqual([".git", "app.js"]);
  });

  it.each(CASES)("a branch named %s is not in the way of the commit", async (_shown, name) => {
    await person(["update-ref", `refs/heads/${name}`, commit]);
    await person(["symbolic-ref", "HEAD", `refs/heads/${name}`]);

    const head = await git.head(root, signal);
    const names = await git.trackedNames(root, signal);
    await git.pointHead(root, commit, signal);

    expect([head, names]).toEqual([commit, ["app.js"]]);
    expect(await person(["rev-parse", "HEAD"])).toBe(commit);
    expect((await readdir(root)).toSorted()).toEqual([".git", "app.js"]);
  });

  it.each(CASES)("a commit named %s is none", async (_shown, name) => {
    await expect(git.pointHead(root, name, signal)).rejects.toMatchObject({ code: "git-refused" });
    await expect(git.hasCommit(root, name, signal)).rejects.toMatchObject({ code: "git-refused" });
  });

  it.each(CASES.filter(([, message]) => !message.includes("\0")))(
    "the message %s of a tag is its message",
    async (_shown, message) => {
      const name = `rollwatch/words-${HOSTILE.indexOf(message)}`;

      await git.tag(root, name, commit, `m${message}`, signal);

      const written = await person(["for-each-ref", "--format=%(contents)", `refs/tags/${name}`]);
      expect(written?.trimEnd()).toBe(`m${message}`.trimEnd());
      expect((await readdir(root)).toSorted()).toEqual([".git", "app.js"]);
    },
  );

  it("no program of the repository's configuration is run", async () => {
    const marker = join(folder, "ran");
    const program = join(folder, "program.sh");
    const script = `#!/bin/sh\necho ran >> ${marker}\n`;
    await writeFile(program, script, { mode: 0o755 });
    for (const [key, value] of [
      ["gpg.program", program],
      ["log.showSignature", "true"],
      ["tag.gpgSign", "true"],
      ["core.fsmonitor", program],
      ["core.pager", program],
      ["core.editor", program],
      ["core.sshCommand", program],
      ["core.askPass", program],
      ["credential.helper", program],
      ["diff.external", program],
    ] as const) {
      await person(["config", key, value]);
    }
    const [head = "", ...words] = ((await person(["cat-file", "commit", commit])) ?? "").split(
      "\n\n",
    );
    const signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----";
    await writeFile(join(folder, "signed"), `${head}\n${signature}\n\n${words.join("\n\n")}\n`);
    const made = await person(["hash-object", "-t", "commit", "-w", join(folder, "signed")]);
    const signed = made ?? "";
    await person(["update-ref", "--no-deref", "-m", "signed", "HEAD", signed]);

    await git.head(root, signal);
    await git.headMovedAt(root, signal);
    await git.tag(root, "rollwatch/signed", signed, "words", signal);
    await git.trackedNames(root, signal);
    await git.hasCommit(root, signed, signal);
    await git.pointHead(root, commit, signal);
    await git.busy(root);

    expect(signed).toMatch(/^[0-9a-f]{40}$/u);
    expect((await readdir(folder)).filter((name) => name === "ran")).toEqual([]);
  });
});

describe("with a real folder", () => {
  it.each(CASES)("the path %s stays inside, or is refused", async (_shown, path) => {
    const root = join(folder, "root");
    await mkdir(join(root, "a"), { recursive: true });
    const isConfigured = RelativePath.safeParse(path).success;

    const at = await told(async () => confine(openFiles(), root, path));

    expect(at === "refused" || normalize(at).startsWith(`${root}/`)).toBe(true);
    expect(isConfigured && /^(\.\/+)*\.git(\/|$)/u.test(path)).toBe(false);
  });

  it("no link leads out of it, by any name", async () => {
    const root = join(folder, "linked");
    await mkdir(root);
    const names = HOSTILE.filter((name) => /^[^\0/]{1,200}$/u.test(name) && !/^\.+$/u.test(name));

    for (const name of names) {
      await symlink("/", join(root, name));
      const at = await told(async () => confine(openFiles(), root, `${name}/etc/passwd`));
      expect([name, at]).toEqual([name, "refused"]);
    }
  });
});

describe("without a system", () => {
  it.each(CASES)(
    "%s is a service's name only if pm2 and a shell take it as one",
    (_shown, name) => {
      const isName = ServiceName.safeParse(name).success;

      expect(isName && !/^[A-Za-z0-9][\w.-]*$/u.test(name)).toBe(false);
      expect(isName && name === "all").toBe(false);
    },
  );

  it.each(CASES)(
    "the reason %s is one line of at most 500 characters, or refused",
    (_shown, reason) => {
      const parsed = PauseRequest.safeParse({ reason, forMs: null });

      const words = parsed.success ? parsed.data.reason : "refused";
      expect(["refused", reason.trim()]).toContain(words);
      expect(/[\p{Cc}\u202A-\u202E]/u.test(words) || words.length > 500).toBe(false);
    },
  );

  it.each(CASES)("%s is an operator's name without markup, or none", (_shown, name) => {
    const operator = openPeople([]).operator(name);

    expect([undefined, name]).toContain(operator?.name);
    expect(/[<>&"`$;|\\\p{Cc}\u202E]/u.test(operator?.name ?? "")).toBe(false);
  });
});

describe("in an address", () => {
  let api: Api;
  let asked: string[] = [];

  beforeAll(async () => {
    const operations = {
      ...fakeOperations(),
      diffReleases: async (from: string, to: string) => {
        asked.push(from, to);
        return fakeOperations().diffReleases(from, to, signal);
      },
    };
    api = await openApi(servedPorts({ operations }), {
      listen: { host: "127.0.0.1", port: 0 },
      socketPath: join(folder, "rollwatch.sock"),
    });
  });

  afterAll(async () => {
    await api.close();
  });

  it.each(CASES)("the id %s names nothing, or itself", async (_shown, id) => {
    asked = [];
    const socketPath = join(folder, "rollwatch.sock");
    const encoded = encodeURIComponent(id);

    const answer = await ask({ socketPath, path: `/api/v1/releases/${encoded}/diff/${encoded}` });

    expect([200, 400, 404, 414]).toContain(answer.status);
    expect(asked.filter((one) => one !== id || !/^[A-Za-z0-9][\w.:-]*$/u.test(one))).toEqual([]);
  });
});
