import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { isProven } from "../../lab/milestones.ts";
import type { Entry } from "../../src/model/facts.ts";
import type { DaemonLife } from "./support/daemon-life.ts";
import { type OneService, startOneService } from "./support/one-service.ts";

const GUARD = { failures: 3, every: "500ms", timeout: "400ms" };

let lab: Lab;
let pages: string[];

beforeEach(async () => {
  lab = await openLab();
  pages = [];
});

afterEach(async () => {
  await lab.end();
});

/** A proven release whose daemon lives; pages go to a server of the test. */
async function withDaemon(
  isEnabled: boolean,
  mode: "auto" | "recommend" = "auto",
): Promise<{ readonly service: OneService; readonly daemon: DaemonLife }> {
  const port = await lab.port();
  const server = http.createServer((request, response) => {
    void take(request).finally(() => response.end());
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  lab.onEnd("pages", async () => {
    server.closeAllConnections();
    server.close();
  });
  const channels = { somebody: { kind: "webhook", url: `http://127.0.0.1:${port}/` } };
  const service = await startOneService(lab, {
    watchdog: { guard: { ...GUARD, enabled: isEnabled } },
    policy: { triggers: { "system-down": { mode } } },
    notify: { channels, routes: { page: ["somebody"], tell: ["somebody"] } },
  });
  const daemon = service.start();
  await daemon.ready;
  await service.until("a proven release", isProven());
  return { service, daemon };
}

/** The same, and the daemon was killed. */
async function withoutDaemon(isEnabled: boolean): Promise<OneService> {
  const { service, daemon } = await withDaemon(isEnabled);
  daemon.send("SIGKILL");
  await daemon.ended;
  return service;
}

function plansOf(entries: readonly Entry[]): readonly (string | undefined)[] {
  return entries.flatMap(({ fact }) => (fact.kind === "planned" ? [fact.plan.requestedBy] : []));
}

async function take(request: http.IncomingMessage): Promise<void> {
  pages.push(await text(request));
}

function reasonsOfPages(): readonly string[] {
  return pages.map((page) => /"reason":"([^"]+)"/u.exec(page)?.[1] ?? page);
}

async function guard({ configuration, environment }: OneService, time: string) {
  const main = join(ROOT, "src", "main.ts");
  const args = ["--import", "tsx", main, "guard", "--for", time, "--config", configuration];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...environment, USER: "deployer" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code: Number(code), out, err };
}

describe("a guard of a deployment while the daemon is dead", () => {
  it("rolls back a release that its own probe finds down, and pages that nobody watches", async () => {
    const service = await withoutDaemon(true);
    await service.deploy(500);

    const { code, out, err } = await guard(service, "60s");

    expect({ code, out, err }).toMatchObject({ code: 5 });
    expect(await service.status()).toBe(200);
    expect(reasonsOfPages()).toEqual(
      expect.arrayContaining(["deployment-guard", "rollback-started", "rollback-verified"]),
    );
    expect(plansOf(await service.entries())).toEqual(["deployer"]);
  });

  it("takes nothing back from a good release: that the daemon is dead only pages, once", async () => {
    const service = await withoutDaemon(true);

    const { code, out } = await guard(service, "5s");

    expect(out).toBe("the deployment stands\n");
    expect(code).toBe(0);
    expect(reasonsOfPages()).toEqual(["deployment-guard"]);
    expect(pages[0]).toContain("rollwatch does not watch it");
    expect(plansOf(await service.entries())).toEqual([]);
  });

  it("only tells of a bad release where it is not enabled", async () => {
    const service = await withoutDaemon(false);
    await service.deploy(500);

    const { code, out } = await guard(service, "60s");

    expect(out).toContain("failed, nothing was done: the deployment's guard asked");
    expect(code).toBe(1);
    expect(await service.status()).toBe(500);
    expect(pages.at(-1)).toContain("is down after a deployment");
    expect(plansOf(await service.entries())).toEqual([]);
  });
});

describe("a guard of a deployment beside a daemon", () => {
  it("that only recommends lets it roll back, and nobody is paged that rollwatch does not watch", async () => {
    const { service } = await withDaemon(true, "recommend");
    await service.deploy(500);

    const { code, out, err } = await guard(service, "60s");

    expect({ code, out, err }).toMatchObject({ code: 5, err: "" });
    expect(await service.status()).toBe(200);
    expect(plansOf(await service.entries())).toEqual(["deployer"]);
    expect(reasonsOfPages()).not.toContain("deployment-guard");
  });

  it("that acts by itself rolls back once, whoever of the two saw it first", async () => {
    const { service } = await withDaemon(true);
    await service.deploy(500);

    const { code, out, err } = await guard(service, "60s");

    expect({ code, out, err }).toMatchObject({ code: 5, err: "" });
    expect(await service.status()).toBe(200);
    expect(plansOf(await service.entries())).toHaveLength(1);
    expect(reasonsOfPages()).not.toContain("deployment-guard");
  });

  it("that hangs is paged and not bypassed: the daemon goes on with it when it wakes", async () => {
    const { service, daemon } = await withDaemon(true);
    daemon.send("SIGSTOP");
    await service.deploy(500);

    const { code, err } = await guard(service, "60s");

    expect({ code, err }).toMatchObject({ code: 1 });
    expect(await service.status()).toBe(500);
    expect(plansOf(await service.entries())).toEqual([]);
    expect(reasonsOfPages()).toContain("deployment-guard");
    expect(pages.at(-1)).toContain("the guard cannot roll it back");

    daemon.send("SIGCONT");
    await service.until("a rollback by the daemon", (entries) =>
      entries.some(({ fact }) => fact.kind === "verified"),
    );
    expect(await service.status()).toBe(200);
  });
});
