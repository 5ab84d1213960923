import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Approver, approversOf } from "./approvers.ts";
import type { Difference } from "./configuration.ts";
import { type Environment, ROOT } from "./environment.ts";
import type { Lab } from "./lab.ts";
import { openPm2Home, type Pm2Home } from "./pm2-home.ts";
import type { RadiationSystem } from "./radiation-system.ts";
import { startRegistry } from "./registry.ts";
import { shippedAt } from "./shipped-configuration.ts";
import type { WebhookReceiver } from "./webhook-receiver.ts";

/** rollwatch in the lab: the shipped configuration with other addresses, started as on a host. */
export interface Watcher {
  readonly url: string;
  readonly state: string;
  readonly configuration: string;
  /** Lines in which its configuration differs from the shipped one. */
  readonly differences: readonly Difference[];
  /** The environment variables that its configuration names. */
  readonly variables: Environment;
  /** Who may approve what waits for people. */
  readonly approvers: readonly Approver[];
  /** rollwatch's own pm2. */
  readonly pm2: Pm2Home;
  /** The daemon's process id; undefined while there is no process. */
  pid(): Promise<number | undefined>;
  /** Returns once a warm copy of the database waits for the release that is proven. */
  untilWarm(): Promise<void>;
  /** The end of what it wrote, for a person who must find out what went wrong. */
  log(): Promise<string>;
}

const NAME = "rollwatch";
const START_LIMIT_MS = 30_000;
const WARM_LIMIT_MS = 180_000;
const IS_WARM = /^rollwatch_rollback_ready\{[^}]*scope="database"[^}]*\} 1$/mu;
const SHOWN_LOG = 4000;

/** Starts rollwatch on the system, and returns when it is ready. `bake` is how long a release must be healthy to be proven; `adapt` changes more of its configuration. */
export async function startWatcher(
  lab: Lab,
  system: RadiationSystem,
  how: {
    readonly bake: string;
    readonly webhook: WebhookReceiver;
    /** Where it finds the machine's /proc. Default /. */
    readonly host?: string | undefined;
    readonly adapt?: (configuration: string) => string;
  },
): Promise<Watcher> {
  const state = path.join(lab.folder, "state");
  const configuration = path.join(lab.folder, "rollwatch.yaml");
  const address = system.rollwatch;
  await mkdir(state, { mode: 0o700 });
  const edited = await shippedAt({
    root: system.root,
    pm2Home: system.pm2.folder,
    state,
    listen: address,
    api: system.api,
    webSocket: system.webSocket,
    calibration: system.calibration.url,
    registry: await startRegistry(lab),
    bake: how.bake,
    ...(how.host === undefined ? {} : { host: how.host }),
  });
  const approvers = approversOf(edited.shipped);
  await writeFile(configuration, how.adapt?.(edited.text) ?? edited.text, { mode: 0o600 });
  const variables = {
    RADIATION_DATABASE_URL: system.databaseUrl,
    RADIATION_ROLLBACK_DATABASE_URL: system.rollbackUrl,
    RADIATION_WEBHOOK_URL: how.webhook.url,
    RADIATION_WEBHOOK_SECRET: how.webhook.secret,
    ...Object.fromEntries(approvers.map((one) => [one.variable, one.token])),
  };
  const pm2 = await openPm2Home(lab, path.join(state, "pm2"), {
    PATH: `${path.join(ROOT, "node_modules", ".bin")}${path.delimiter}${system.pm2.env["PATH"] ?? ""}`,
    ROLLWATCH_CONFIG: configuration,
    ...variables,
  });
  const watcher = aWatcher(
    { url: `http://${address}`, state, configuration, variables, approvers, pm2 },
    edited.differences,
  );
  await pm2.command(["start", path.join(ROOT, "ecosystem.config.js")], lab.folder);
  await untilReady(watcher);
  return watcher;
}

function aWatcher(
  parts: Pick<Watcher, "url" | "state" | "configuration" | "variables" | "approvers" | "pm2">,
  differences: readonly Difference[],
): Watcher {
  return {
    ...parts,
    differences,
    async pid() {
      const list = await parts.pm2.list();
      const pid = list.find((one) => one.name === NAME)?.pid ?? 0;
      return pid > 0 ? pid : undefined;
    },
    async untilWarm() {
      await untilWarm(this);
    },
    async log() {
      const files = ["rollwatch-out.log", "rollwatch-error.log"];
      const texts = await Promise.all(
        files.map((file) =>
          readFile(path.join(parts.pm2.folder, "logs", file), "utf8").catch(() => ""),
        ),
      );
      return texts
        .map((text) => text.slice(-SHOWN_LOG))
        .join("\n")
        .trim();
    },
  };
}

async function untilWarm(watcher: Watcher): Promise<void> {
  const begun = performance.now();
  while (performance.now() - begun < WARM_LIMIT_MS) {
    const answer = await fetch(`${watcher.url}/metrics`, { signal: AbortSignal.timeout(5000) });
    if (IS_WARM.test(await answer.text())) {
      return;
    }
    await sleep(100);
  }
  throw new Error(`no warm database is ready\n${await watcher.log()}`);
}

async function untilReady(watcher: Watcher): Promise<void> {
  const begun = performance.now();
  let last = "no answer";
  while (performance.now() - begun < START_LIMIT_MS) {
    try {
      const answer = await fetch(`${watcher.url}/readyz`, { signal: AbortSignal.timeout(1000) });
      if (answer.ok) {
        return;
      }
      last = await answer.text();
    } catch (error) {
      last = String(error);
    }
    await sleep(100);
  }
  throw new Error(`rollwatch is not ready: ${last}\n${await watcher.log()}`);
}
