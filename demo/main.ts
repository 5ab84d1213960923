import { type Lab, openLab, removeLab } from "../lab/lab.ts";
import { rehearse, type Scene } from "../lab/rehearsal.ts";
import { findRelease, listReleases } from "../lab/releases.ts";
import type { Watcher } from "../lab/watcher.ts";
import { endWithProcess } from "../lab/signals.ts";
import { assertNever } from "../src/model/assert-never.ts";
import { parseWish, USAGE, type Wish } from "./arguments.ts";
import { writeReports } from "./report.ts";
import { type DemoResult, faultsOf, resultOf } from "./result.ts";
import { openStory } from "./story.ts";
import { openVoice, type Voice } from "./voice.ts";

/** How long the demo's releases must be healthy to be proven. */
const BAKE = "20s";

/** Does what was asked for; returns the exit code. */
async function main(args: readonly string[]): Promise<number> {
  const wish = parseWish(args);
  switch (wish.kind) {
    case "help":
      process.stdout.write(USAGE);
      return 0;
    case "list":
      return list(wish.json);
    case "end":
      return end(wish.folder);
    case "play":
      return play(wish);
    default:
      return assertNever(wish);
  }
}

async function list(json: boolean): Promise<number> {
  const releases = await listReleases();
  if (json) {
    process.stdout.write(`${JSON.stringify(releases)}\n`);
    return 0;
  }
  const width = Math.max(...releases.map((release) => release.id.length));
  for (const { id, title, right } of releases) {
    process.stdout.write(`${id.padEnd(width)}  ${right.outcome.padEnd(12)} ${title}\n`);
  }
  return 0;
}

async function end(folder: string): Promise<number> {
  const left = await removeLab(folder);
  process.stderr.write(left.map((one) => `left behind: ${one}\n`).join(""));
  return left.length === 0 ? 0 : 1;
}

async function play(wish: Extract<Wish, { kind: "play" }>): Promise<number> {
  const release = await findRelease(wish.fault);
  const voice = openVoice(wish.json ? process.stderr : process.stdout);
  const story = openStory(voice, Date.now());
  const lab = await openLab();
  endWithProcess(() => lab);
  const addresses: string[] = [];
  let left: readonly string[] = [];
  let result: DemoResult;
  let watcher: Watcher | undefined;
  try {
    const script = {
      release,
      bake: BAKE,
      installWith: "cache",
      dependencies: "few",
      killDaemon: wish.killDaemon,
      approve: wish.approve,
    } as const;
    const rehearsal = await rehearse(lab, script, (scene) => {
      addresses.push(...addressesOf(scene));
      watcher = scene.kind === "watching" ? scene.watcher : watcher;
      story.show(scene);
    });
    result = resultOf(release, rehearsal);
    await report(voice, { wish, watcher, incident: result.incident });
  } finally {
    if (wish.keep) {
      await keep(lab, voice, addresses);
    } else {
      left = await lab.end();
    }
  }
  const faults = [
    ...faultsOf(release, result, wish.approve),
    ...left.map((one) => `left behind: ${one}`),
  ];
  summarise(voice, result, faults);
  if (wish.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
  }
  return faults.length === 0 ? 0 : 1;
}

/** Writes the report where one was asked for. */
async function report(
  voice: Voice,
  asked: {
    readonly wish: Extract<Wish, { kind: "play" }>;
    readonly watcher: Watcher | undefined;
    readonly incident: string | null;
  },
): Promise<void> {
  const { wish, watcher, incident } = asked;
  if (wish.report === undefined || watcher === undefined || incident === null) {
    return;
  }
  const where = { folder: wish.report, name: wish.fault };
  for (const file of await writeReports(watcher, incident, where)) {
    voice.say(`report      ${file}`);
  }
}

/** What a person wants to look at afterwards. */
function addressesOf(scene: Scene): readonly string[] {
  if (scene.kind === "system-started") {
    const { api, root, pm2, databaseUrl } = scene.system;
    return [
      `dashboard   ${api}/`,
      `work tree   ${root}`,
      `its pm2     PM2_HOME=${pm2.folder} npx pm2 status`,
      `database    ${databaseUrl}`,
    ];
  }
  if (scene.kind === "watching") {
    const { url, pm2, configuration } = scene.watcher;
    return [
      `rollwatch   ${url}/api/v1/status`,
      `its pm2     PM2_HOME=${pm2.folder} npx pm2 logs rollwatch`,
      `its config  ${configuration}`,
    ];
  }
  return [];
}

async function keep(lab: Lab, voice: Voice, addresses: readonly string[]): Promise<void> {
  await lab.keep();
  voice.heading("Everything keeps running");
  for (const address of addresses) {
    voice.say(address);
  }
  voice.say(`end it with  npm run demo -- --end ${lab.folder}`);
}

function summarise(voice: Voice, result: DemoResult, faults: readonly string[]): void {
  const { seconds, requests, release } = result;
  voice.heading(`Summary: ${result.outcome}`);
  if (seconds.toBreach !== null) {
    voice.say(
      `breach after ${told(seconds.toBreach)}, decision ${told(seconds.toDecision)}, restored ${told(seconds.toRestored)}, verified ${told(seconds.toVerified)}; budget ${told(seconds.budget)}`,
    );
    const change =
      release.bad === null ? "" : `${release.bad} -> ${release.restored ?? "not restored"}, `;
    voice.say(`${change}cause ${result.cause ?? "?"}`);
  }
  voice.say(`${requests.failed} of ${requests.sent} requests failed (20 a second)`);
  if (faults.length === 0) {
    voice.good("this is the right outcome");
  }
  for (const fault of faults) {
    voice.bad(fault);
  }
}

function told(seconds: number | null): string {
  return seconds === null ? "-" : `${seconds.toFixed(1)} s`;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`demo: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
process.exit();
