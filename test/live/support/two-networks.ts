import { spawn } from "node:child_process";
import { once } from "node:events";
import { readlink } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../lab/command.ts";
import { constructedEnvironment, labEnvironment } from "../../../lab/environment.ts";
import type { Lab } from "../../../lab/lab.ts";
import { send } from "../../../lab/processes.ts";

type Command = readonly [string, ...string[]];

/** A side of the link: a network namespace of its own, kept by a process that sleeps. */
export interface Side {
  readonly address: string;
  /** The words before a command that is to run on this side. */
  readonly enter: Command;
  /** Switches this end of the link. */
  link(state: "up" | "down"): Promise<void>;
}

/** Two machines, as far as the network goes, with one cable between them. */
export interface TwoNetworks {
  readonly near: Side;
  readonly far: Side;
}

const LIMIT_MS = 10_000;
const DEVICE = "cable";
const ASLEEP = ["--net", "sleep", "infinity"] as const;

/** Makes both for the lab. An ordinary user gets them inside a user namespace. */
export async function layCable(lab: Lab): Promise<TwoNetworks> {
  const isRoot = process.getuid?.() === 0;
  const user = isRoot ? [] : ["--user", "--map-root-user"];
  const near = await keep(lab, "self", ["unshare", ...user, ...ASLEEP]);
  const enterNear = entering(near, isRoot);
  const far = await keep(lab, String(near), [...enterNear, "unshare", ...ASLEEP]);
  const enterFar = entering(far, isRoot);
  await execute(enterNear, ["ip", "link", "add", DEVICE, "type", "veth", "peer", "name", "other"]);
  await execute(enterNear, ["ip", "link", "set", "other", "netns", String(far)]);
  await execute(enterFar, ["ip", "link", "set", "other", "name", DEVICE]);
  return {
    near: await sideOf(enterNear, "10.77.0.1"),
    far: await sideOf(enterFar, "10.77.0.2"),
  };
}

async function sideOf(enter: Command, address: string): Promise<Side> {
  async function link(state: "up" | "down"): Promise<void> {
    await execute(enter, ["ip", "link", "set", DEVICE, state]);
  }
  await execute(enter, ["ip", "link", "set", "lo", "up"]);
  await execute(enter, ["ip", "address", "add", `${address}/24`, "dev", DEVICE]);
  await link("up");
  return { address, enter, link };
}

function entering(pid: number, isRoot: boolean): Command {
  const user = isRoot ? [] : ["--user", "--preserve-credentials"];
  return ["nsenter", "--target", String(pid), ...user, "--net"];
}

async function execute(enter: Command, command: readonly string[]): Promise<void> {
  const [program, ...args] = [...enter, ...command];
  await run(program, args, { cwd: "/", env: constructedEnvironment() });
}

/** Starts the process that keeps a namespace beside its parent's; returns its id when it has its own network. */
async function keep(lab: Lab, parent: string, [program, ...args]: Command): Promise<number> {
  const child = spawn(program, args, { env: labEnvironment(lab.folder), stdio: "ignore" });
  const { pid } = child;
  if (pid === undefined) {
    throw new Error(`${program} cannot be started`);
  }
  const ended = once(child, "exit");
  lab.onEnd("network namespace", async () => {
    send(pid, "SIGKILL");
    await ended;
  });
  const begun = performance.now();
  while ((await networkOf(String(pid))) === (await networkOf(parent)) || !(await sleeps(pid))) {
    if (child.exitCode !== null || performance.now() - begun > LIMIT_MS) {
      throw new Error("this machine allows no network namespaces");
    }
    await sleep(20);
  }
  return pid;
}

async function networkOf(process: string): Promise<string> {
  return readlink(`/proc/${process}/ns/net`);
}

/** Whether it has become `sleep`: before that it may still be on its way through the namespaces. */
async function sleeps(pid: number): Promise<boolean> {
  return (await readlink(`/proc/${pid}/exe`).catch(() => "")).endsWith("/sleep");
}
