import { join } from "node:path";
import type { z } from "zod";
import { ConfigFile, type Config } from "../../src/config/schema.ts";
import { CONTACTS } from "./somebody.ts";
import { HEALTH, SERVICES } from "./story-world.ts";

export type Policy = z.input<typeof ConfigFile>["policy"];

/** What a story configures unlike the others. */
export interface Unlike {
  readonly signals?: z.input<typeof ConfigFile>["signals"];
  readonly upstreams?: z.input<typeof ConfigFile>["application"]["upstreams"];
  /** Whether samples are recorded. Default false: no story but its own needs the files. */
  readonly recording?: boolean;
  /** Whether a warm copy is kept. Default true. */
  readonly warm?: boolean;
  /** What watches rollwatch itself. Default: nothing. */
  readonly watchdog?: z.input<typeof ConfigFile>["watchdog"];
  /** Where people reach the pages of rollwatch. Default: nowhere, and there are no links. */
  readonly publicUrl?: string;
  /** The channels that one of the team reads alone, by name. Default none. */
  readonly linksTo?: Readonly<Record<string, string>>;
  /** Members of Slack by name. Default none. */
  readonly slackUsers?: Readonly<Record<string, string>>;
  /** Who is told where. Default: the log of everything. */
  readonly notify?: z.input<typeof ConfigFile>["notify"];
  /** What the public is told. Default: nothing. */
  readonly statusPage?: z.input<typeof ConfigFile>["statusPage"];
  /** Who else there is, and when those of higher levels are called. Default: the team alone, and nobody in the time of a story. */
  readonly people?: z.input<typeof ConfigFile>["people"];
  /** How many entries of the journal the story remembers. Default all: `history` and what is told from it need them. */
  readonly remembers?: number;
}

/** The answer of the serving service, and what pm2 says. */
const SIGNALS: z.input<typeof ConfigFile>["signals"] = [
  { name: "health", trigger: "system-down", probe: { kind: "http", url: HEALTH } },
  { name: "services", trigger: "system-down", probe: { kind: "pm2" } },
];

/** The configuration of a story: application, pm2 home and state are folders in `folder`, and the times are short. */
export function storyConfig(folder: string, policy: Policy, unlike: Unlike = {}): Config {
  const [serving, second, destructive] = SERVICES;
  const file = ConfigFile.parse({
    application: {
      name: "story",
      root: join(folder, "app"),
      pm2Home: join(folder, "pm2"),
      services: [{ name: serving }, { name: second }, { name: destructive, destructive: true }],
      artifacts: ["server", "package-lock.json"],
      configFiles: { environment: [".env"], monitoring: ["limits.yaml"] },
      releaseIdFrom: { url: HEALTH, json: "build.release" },
      upstreams: unlike.upstreams,
    },
    signals: unlike.signals ?? SIGNALS,
    policy: { triggers: { "system-down": { mode: "auto" } }, ...policy },
    release: { bake: "20s", verifyEvery: "1m", warm: unlike.warm ?? true },
    verify: { settle: "5s", steady: "5s", timeout: "60s" },
    people: {
      ...unlike.people,
      contacts: [...team(unlike), ...(unlike.people?.contacts ?? [])],
    },
    server: { listen: "127.0.0.1:0", publicUrl: unlike.publicUrl },
    recording: { enabled: unlike.recording ?? false },
    watchdog: unlike.watchdog,
    notify: unlike.notify,
    statusPage: unlike.statusPage,
    state: join(folder, "state"),
  });
  return { ...file, file: join(folder, "rollwatch.yaml"), hash: "0000", secrets: [] };
}

function team({ linksTo, slackUsers }: Unlike): typeof CONTACTS {
  return CONTACTS.map((one) => ({
    ...one,
    linksTo: linksTo?.[one.name],
    slackUser: slackUsers?.[one.name],
  }));
}
