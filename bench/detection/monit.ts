import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lab } from "../../lab/lab.ts";
import { startProgram } from "../../lab/program.ts";
import type { Pace } from "./cases.ts";
import type { Observer } from "./observer.ts";
import type { Target } from "./target.ts";

/** Starts monit on the target; its exec action notes each decision. Nothing else of it slows it down: it serves nothing and mails nobody. */
export async function startMonit(
  lab: Lab,
  program: string,
  { target, pace }: { readonly target: Target; readonly pace: Pace },
): Promise<Observer> {
  const folder = path.join(lab.folder, "monit");
  const [control, events] = [path.join(folder, "monitrc"), path.join(folder, "events")];
  await mkdir(folder, { mode: 0o700 });
  await writeFile(events, "");
  await writeFile(control, controlFile({ folder, events, target, pace }), { mode: 0o600 });
  const args = ["-I", "-c", control];
  const monit = await startProgram(lab, { name: "monit", program, args, folder });
  return {
    name: "monit",
    decisions: async () =>
      (await readEvents(events)).filter((one) => one.what === "bad").map((one) => one.at),
    isCalm: async () => {
      const newest = new Map((await readEvents(events)).map((one) => [one.test, one.what]));
      return ![...newest.values()].includes("bad");
    },
    log: async () => monit.log(),
  };
}

interface Event {
  readonly what: string;
  readonly test: string;
  readonly at: number;
}

async function readEvents(file: string): Promise<readonly Event[]> {
  const lines = (await readFile(file, "utf8")).split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const [what = "", test = "", at] = line.split(" ");
    return { what, test, at: Number(at) };
  });
}

/** One test for the answer and for its time, because monit makes its tests one after the other and waits for each. */
function controlFile({
  folder,
  events,
  target: { port, pidFile },
  pace: { intervalMs, badProbes, timeoutMs },
}: {
  readonly folder: string;
  readonly events: string;
  readonly target: Target;
  readonly pace: Pace;
}): string {
  function note(what: "bad" | "good", test: string): string {
    return `exec "/bin/sh -c 'echo ${what} ${test} $(date +%s%3N) >> ${events}'"`;
  }
  function act(test: string): string {
    return `for ${badProbes} cycles then ${note("bad", test)} else if succeeded then ${note("good", test)}`;
  }
  return `set daemon ${intervalMs / 1000}
set pidfile ${folder}/pid
set idfile ${folder}/id
set statefile ${folder}/state
set limits { networkTimeout: ${timeoutMs} ms }
check process process with pidfile ${pidFile}
  if does not exist ${act("process")}
check host api with address 127.0.0.1
  if failed port ${port} protocol http request "/health" responsetime < 500 milliseconds ${act("api")}
check host socket with address 127.0.0.1
  if failed port ${port} protocol websocket request "/alerts" host "127.0.0.1:${port}" version 13 ${act("socket")}
`;
}
