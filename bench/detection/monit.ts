import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lab } from "../../lab/lab.ts";
import { startProgram } from "../../lab/program.ts";
import type { Pace } from "./cases.ts";
import type { Addresses, Observer } from "./observer.ts";
import type { Target } from "./target.ts";

interface Watch {
  readonly target: Target;
  readonly pace: Pace;
  /** What is asked instead of the target. */
  readonly addresses?: Addresses;
}

/** Starts monit on the target; its exec action notes each decision. Nothing else of it slows it down: it serves nothing and mails nobody. */
export async function startMonit(lab: Lab, program: string, watch: Watch): Promise<Observer> {
  const folder = path.join(lab.folder, "monit");
  const [control, events] = [path.join(folder, "monitrc"), path.join(folder, "events")];
  await mkdir(folder, { mode: 0o700 });
  await writeFile(events, "");
  await writeFile(control, controlFile({ folder, events, ...watch }), { mode: 0o600 });
  const args = ["-I", "-c", control];
  const monit = await startProgram(lab, { name: "monit", program, args, folder });
  return {
    name: "monit",
    pids: [monit.pid],
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

function controlFile({
  folder,
  events,
  target,
  pace,
  addresses,
}: Watch & { readonly folder: string; readonly events: string }): string {
  function act(test: string): string {
    return `for ${pace.badProbes} cycles then ${note("bad", test)} else if succeeded then ${note("good", test)}`;
  }
  function note(what: "bad" | "good", test: string): string {
    return `exec "/bin/sh -c 'echo ${what} ${test} $(date +%s%3N) >> ${events}'"`;
  }
  const checks = addresses === undefined ? checksOf(target, act) : checksAt(addresses, act);
  return `set daemon ${pace.intervalMs / 1000}
set pidfile ${folder}/pid
set idfile ${folder}/id
set statefile ${folder}/state
set limits { networkTimeout: ${pace.timeoutMs} ms }
${checks.join("\n")}
`;
}

type Act = (test: string) => string;

/** One test for the answer and for its time, because monit makes its tests one after the other and waits for each. */
function checksOf({ port, pidFile }: Target, act: Act): readonly string[] {
  const host = `127.0.0.1:${port}`;
  return [
    `check process process with pidfile ${pidFile}
  if does not exist ${act("process")}`,
    `check host api with address 127.0.0.1
  if failed port ${port} protocol http request "/health" responsetime < 500 milliseconds ${act("api")}`,
    `check host socket with address 127.0.0.1
  if failed port ${port} protocol websocket request "/alerts" host "${host}" version 13 ${act("socket")}`,
  ];
}

function checksAt({ http, tcp }: Addresses, act: Act): readonly string[] {
  const answers = http.map((url) => {
    const { port, pathname } = new URL(url);
    return `port ${port} protocol http request "${pathname}"`;
  });
  const taken = tcp.map((address) => `port ${address.replace(/^.*:/u, "")} type tcp`);
  return [...answers, ...taken].map(
    (test, place) => `check host address-${place} with address 127.0.0.1
  if failed ${test} ${act(`address-${place}`)}`,
  );
}
