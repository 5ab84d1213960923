import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import http from "node:http";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../lab/command.ts";
import { constructedEnvironment, ROOT } from "../../lab/environment.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { type OneService, startOneService } from "./support/one-service.ts";

/** systemd's end of the line: a datagram socket at argument 1, whose every message is written as one line. */
const RECEIVER = `
use Socket; $| = 1;
socket(my $s, PF_UNIX, SOCK_DGRAM, 0) or die $!;
bind($s, sockaddr_un($ARGV[0])) or die $!;
print "bound\\n";
while (defined(recv($s, my $message, 65536, 0))) { $message =~ s/\\n/ /g; print "$message\\n"; }
`;
const LIMIT_MS = 60_000;
/** Every half second. */
const WATCHDOG_USEC = "2000000";
/** Four times as long as the watchdog waits. */
const LONG_SILENCE_MS = 8000;

async function receive(lab: Lab, socket: string): Promise<readonly string[]> {
  const lines: string[] = [];
  const child = spawn("perl", ["-e", RECEIVER, socket], {
    env: constructedEnvironment(),
    stdio: ["ignore", "pipe", "inherit"],
  });
  lab.onEnd("receiver", async () => {
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  });
  createInterface(child.stdout).on("line", (line) => lines.push(line));
  await until("the receiver is bound", () => lines.includes("bound"));
  return lines;
}

/** What the outside heard, as `path body`. */
async function listen(lab: Lab): Promise<{ readonly url: string; readonly heard: string[] }> {
  const heard: string[] = [];
  const port = await lab.port();
  const server = http.createServer((request, response) => {
    void hear(request, heard).finally(() => response.end("OK"));
  });
  await new Promise<void>((resolve) => {
    server.listen(port, "127.0.0.1", resolve);
  });
  lab.onEnd("outside", async () => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${port}/ping`, heard };
}

async function hear(request: http.IncomingMessage, heard: string[]): Promise<void> {
  heard.push(`${request.method} ${request.url} ${await text(request)}`);
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  while (!isSo()) {
    if (performance.now() > end) {
      throw new Error(`never seen: ${what}`);
    }
    await sleep(50);
  }
}

function countOf(lines: readonly string[], wanted: string): number {
  return lines.filter((line) => line.includes(wanted)).length;
}

describe("a daemon that systemd started", () => {
  let lab: Lab;
  let service: OneService;
  let said: readonly string[];
  let heard: readonly string[];

  beforeAll(async () => {
    lab = await openLab();
    const outside = await listen(lab);
    ({ heard } = outside);
    const socket = join(lab.folder, "notify");
    said = await receive(lab, socket);
    service = await startOneService(lab, {
      watchdog: { heartbeat: { url: outside.url, every: "500ms" } },
    });
  });

  afterAll(async () => {
    await lab.end();
  });

  it("says that it is ready, feeds the watchdog and the heartbeat, is silent in both while it stands still, and says that it ends", async () => {
    const socket = join(lab.folder, "notify");
    const daemon = service.start({ NOTIFY_SOCKET: socket, WATCHDOG_USEC });
    await until("the watchdog is fed", () => countOf(said, "WATCHDOG=1") >= 3);
    await until("a heartbeat", () => countOf(heard, "POST /ping watching") >= 3);

    daemon.send("SIGSTOP");
    // What was under way when it was stopped still arrives.
    await sleep(2000);
    const before = [said.length, heard.length];
    await sleep(LONG_SILENCE_MS);
    const after = [said.length, heard.length];
    daemon.send("SIGCONT");
    const fed = countOf(said, "WATCHDOG=1");
    await until("it is fed again", () => countOf(said, "WATCHDOG=1") > fed);
    daemon.send("SIGTERM");
    const ending = await daemon.ended;

    expect(after).toEqual(before);
    expect(ending).toEqual({ code: 0, signal: null });
    expect(said.find((line) => line.includes("READY=1"))).toContain("STATUS=watching one");
    const words = said.filter((line) => !line.startsWith("BARRIER") && line !== "bound");
    expect(words[0]).toContain("READY=1");
    expect(words.at(-1)).toContain("STOPPING=1");
    expect(heard[0]).toBe("POST /ping/start rollwatch watches one");
  });

  it("has a unit that systemd itself finds nothing wrong with", async () => {
    const shipped = await readFile(join(ROOT, "config/systemd/rollwatch.service"), "utf8");
    const unit = join(lab.folder, "rollwatch.service");
    // On this machine Node lies elsewhere, and there is no such user.
    const here = shipped
      .replace("/usr/bin/node", process.execPath)
      .replace("User=radiation", "User=daemon")
      .replace("file:///opt/rollwatch/docs/operating.md", "file:///dev/null");
    await writeFile(unit, here);

    const found = await verify(unit);
    await writeFile(unit, here.replace("KillMode=process", "KillMode=nobody"));
    const foundInABadOne = await verify(unit);

    expect(found).toBe("");
    expect(foundInABadOne).toContain("kill mode");
  });
});

/** What systemd says about a unit; it says it on standard error, and ends well. */
async function verify(unit: string): Promise<string> {
  const script = 'systemd-analyze verify --man=no "$1" 2>&1';
  return run("sh", ["-c", script, "sh", unit], { cwd: ROOT, env: constructedEnvironment() });
}
