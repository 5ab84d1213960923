import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";

/**
 * A network namespace with nothing but loopback. An ordinary user needs a user namespace around it, and gets its own id
 * back in a second one inside, because PostgreSQL refuses to run as what looks like root.
 */
function insideNamespace(command: string): { readonly program: string; readonly args: string[] } {
  const [uid, gid] = [process.getuid?.() ?? 0, process.getgid?.() ?? 0];
  const inner =
    uid === 0
      ? `exec ${command}`
      : `exec unshare --user --map-user=${uid} --map-group=${gid} ${command}`;
  const outer = uid === 0 ? [] : ["--user", "--map-root-user"];
  const script = `ip link set lo up && ${inner}`;
  return { program: "unshare", args: [...outer, "--net", "sh", "-c", script] };
}

describe("without any network but loopback", () => {
  let home: string;

  beforeEach(async () => {
    home = await mkdtemp("/tmp/rwo-");
  });

  afterEach(async () => {
    await rm(home, { recursive: true, force: true });
  });

  it("rolls back a release with changed dependencies, with no npm cache", async () => {
    const demo = `${process.execPath} scripts/demo.mjs --fault system-down-dependency --json`;
    const { program, args } = insideNamespace(demo);
    const child = spawn(program, args, {
      cwd: ROOT,
      env: constructedEnvironment({
        HOME: home,
        npm_config_cache: path.join(home, "no-cache"),
      }),
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = once(child, "exit");
    const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
    const [code] = await ended;

    expect(err).toContain("put node_modules back");
    expect(JSON.parse(out.trim().split("\n").at(-1) ?? "")).toMatchObject({
      fault: "system-down-dependency",
      outcome: "rolled-back",
      verified: true,
      release: { bad: "v1.5.0", restored: "v1.4.0" },
    });
    expect(code).toBe(0);
    expect(await readdir(home)).toEqual([]);
  });

  it("cannot reach anything else, so that the test above means something", async () => {
    const probe = `${process.execPath} -e "fetch('http://192.0.2.1', {signal: AbortSignal.timeout(3000)}).catch((e) => console.log(e.cause.code))"`;
    const { program, args } = insideNamespace(probe);

    const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] });

    expect((await text(child.stdout)).trim()).toBe("ENETUNREACH");
  });
});
