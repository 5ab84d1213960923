import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { z } from "zod";
import { openLifecycle } from "../../src/app/lifecycle.ts";
import { watchOver } from "../../src/app/watch.ts";
import type { Config } from "../../src/config/schema.ts";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import { openStore, type JournalStore } from "../../src/journal/store.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import type { Approval, History, Incident, Recovery } from "../../src/model/history.ts";
import type { Notice, NoticeReason } from "../../src/model/notice.ts";
import { remoteOperations } from "../../src/cli/daemon-client.ts";
import type { Operations } from "../../src/model/operations.ts";
import { parseDuration } from "../../src/model/units.ts";
import { openInbox } from "../../src/system/inbox.ts";
import { type Name, type Somebody, somebody } from "./somebody.ts";
import { type Policy, storyConfig, type Unlike } from "./story-config.ts";
import { openStoryWorld, type StoryWorld } from "./story-world.ts";
import { withTempFolder } from "./temp.ts";

/** rollwatch and what it watches, from the outside: what happens, how time passes, and what it made of it. */
export interface Scenario extends StoryWorld {
  readonly config: Config;
  /** Starts rollwatch and waits for its first turn. */
  startsRollwatch(): Promise<void>;
  /** SIGTERM: it puts everything away. */
  stopsRollwatch(): Promise<void>;
  /** It dies when it is about to write the first such fact, now or later; nothing of it is written from then on. */
  diesBefore(fact: (fact: Fact) => boolean): void;
  /** Lets time pass, such as `30s`. */
  passes(duration: string): Promise<void>;
  /** Lets time pass until such a fact is written, at most ten minutes. */
  passesUntil(fact: (fact: Fact) => boolean): Promise<void>;
  /** A good release runs and rollwatch watches it until it is proven. */
  beginsProven(release: string): Promise<void>;
  facts(): readonly Fact[];
  history(): History;
  /** The newest incident; fails the test when there is none. */
  incident(): Incident;
  /** The newest recovery; fails the test when there is none. */
  recovery(): Recovery;
  /** Every notice so far about something else than a proven release, by its reason. */
  told(): readonly NoticeReason[];
  /** The newest notice of a reason; fails the test when there is none. */
  notice(reason: NoticeReason): Notice;
  /** The newest plan that people are asked about; fails the test when there is none. */
  asked(): Asked;
  /** Every recovery of which something was begun. */
  begun(): readonly Recovery[];
  /** Somebody of the team, with a token of their own, at the daemon's real socket; `operator` has none. */
  as(name: Name): Somebody;
  /** Where it answers over TCP, such as `http://127.0.0.1:40123`. */
  url(): string;
  /** The daemon's readings, over its real socket. */
  readonly operations: Operations;
  /** Why the guards of the newest decision block, by guard. */
  blocks(): Readonly<Record<string, string>>;
}

/** A plan that people are, or were, asked about. */
export type Asked = Recovery & { readonly approval: Approval };

const Watching = z.object({ msg: z.literal("watching"), url: z.string() });
const STEP_MS = 250;
const LONGEST_MS = 10 * 60_000;

/** Runs a story in a folder of its own; a rollwatch that still runs is stopped at the end. */
export async function withScenario(
  policy: Policy,
  body: (story: Scenario) => Promise<void>,
  unlike?: Unlike,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const { story, end } = await open(storyConfig(folder, policy, unlike), unlike?.remembers);
    try {
      await body(story);
    } finally {
      await end();
    }
  });
}

interface Run {
  readonly stopping: AbortController;
  readonly ended: Promise<unknown>;
}

async function open(
  config: Config,
  remembers = Infinity,
): Promise<{ readonly story: Scenario; readonly end: () => Promise<void> }> {
  await mkdir(config.state, { recursive: true, mode: 0o700 });
  await mkdir(config.application.pm2Home, { recursive: true });
  const world = openStoryWorld(config.application.root);
  let url = "";
  // Nothing is read from the log but where it answers, which the system chose.
  const log = pino(
    { level: "info" },
    {
      write: (line) => {
        url = Watching.safeParse(JSON.parse(line)).data?.url ?? url;
      },
    },
  );
  const entries: Entry[] = [];
  let fate: ((fact: Fact) => boolean) | undefined;
  let hasDied = false;
  let run: Run | undefined;

  function watchedStore(): JournalStore {
    const store = openStore(join(config.state, "journal.db"), world.clock);
    let isDead = false;
    return {
      ...store,
      append: (fact) => {
        isDead ||= fate?.(fact) === true;
        hasDied ||= isDead;
        if (isDead) {
          throw new Error("killed");
        }
        const entry = store.append(fact);
        entries.push(entry);
        entries.splice(0, entries.length - remembers);
        return entry;
      },
    };
  }

  async function startsRollwatch(): Promise<void> {
    const stopping = new AbortController();
    const lifecycle = openLifecycle(log);
    const store = watchedStore();
    lifecycle.onStop("journal", () => store.close());
    let isReady = false;
    function announceReady(): void {
      isReady = true;
    }
    const host = { version: "test", pid: 1, nodeVersion: "v20", announceReady };

    async function watch(): Promise<unknown> {
      try {
        const { files } = world.ports;
        // What was heard by another process is known from its file alone.
        const inbox = openInbox(join(config.state, "inbox.json"), { clock: world.clock, files });
        const ports = { ...world.ports, inbox };
        const input = { config, world: ports, store, log, host, lifecycle };
        return await watchOver(input, stopping.signal);
      } catch (error) {
        return error;
      } finally {
        await lifecycle.stop();
      }
    }

    const ended = watch();
    run = { stopping, ended };
    await until(() => isReady, ended);
  }

  async function stopsRollwatch(): Promise<void> {
    const error = await endOf(run);
    run = undefined;
    const wasToDie = fate !== undefined;
    fate = undefined;
    if (wasToDie && !hasDied) {
      throw new Error("it never came to the fact before which it was to die");
    }
    hasDied = false;
    if (error instanceof Error && !wasToDie) {
      throw error;
    }
  }

  /** What is still to be delivered or put away may take its time. */
  async function endOf(last: Run | undefined): Promise<unknown> {
    last?.stopping.abort("told to stop");
    for (;;) {
      const error = await Promise.race([
        last?.ended,
        world.clock.advance(STEP_MS).then(() => "not yet"),
      ]);
      if (error !== "not yet") {
        return error;
      }
    }
  }

  async function passes(duration: string): Promise<void> {
    await world.clock.advance(parseDuration(duration) ?? Number.NaN);
  }

  async function passesUntil(wanted: (fact: Fact) => boolean): Promise<void> {
    const known = entries.length;
    for (let passed = 0; passed <= LONGEST_MS; passed += STEP_MS) {
      if (entries.slice(known).some((entry) => wanted(entry.fact))) {
        return;
      }
      await world.clock.advance(STEP_MS);
    }
    throw new Error(`not in ten minutes; the journal ends with ${tail(entries)}`);
  }

  const telling = tellingOf(entries);
  const story: Scenario = {
    ...world,
    ...telling,
    config,
    startsRollwatch,
    stopsRollwatch,
    passes,
    passesUntil,
    url: () => url,
    as: (name) => somebody(config.state, name),
    operations: remoteOperations(config.state),
    diesBefore: (fact) => {
      fate = fact;
    },
    beginsProven: async (release) => {
      await world.install(release, "works");
      await startsRollwatch();
      await passesUntil((fact) => fact.kind === "release-proven");
    },
  };
  return { story, end: stopsRollwatch };
}

/** Opening takes real time (sockets), in which the story's clock stands still. */
async function until(isReady: () => boolean, ended: Promise<unknown>): Promise<void> {
  while (!isReady()) {
    const error = await Promise.race([ended, turn()]);
    if (error instanceof Error) {
      throw error;
    }
  }
}

async function turn(): Promise<void> {
  await new Promise<void>((resolve) => {
    setImmediate(resolve);
  });
}

type Telling = Pick<
  Scenario,
  "facts" | "history" | "incident" | "recovery" | "asked" | "begun" | "told" | "notice" | "blocks"
>;

function tellingOf(entries: readonly Entry[]): Telling {
  function history(): History {
    return entries.reduce(fold, emptyHistory);
  }

  function notices(): readonly Notice[] {
    return entries.flatMap(({ fact }) => (fact.kind === "notice-queued" ? [fact.notice] : []));
  }

  function incident(): Incident {
    return newest(history().incidents, "incident", entries);
  }

  return {
    facts: () => entries.map((entry) => entry.fact),
    history,
    incident,
    asked: () =>
      newest(
        history().recoveries.flatMap(({ approval, ...one }) =>
          approval === undefined ? [] : [{ ...one, approval }],
        ),
        "plan that waits for people",
        entries,
      ),
    begun: () => history().recoveries.filter((one) => one.attempts.length > 0),
    recovery: () => newest(history().recoveries, "recovery", entries),
    told: () => notices().flatMap(({ reason }) => (reason === "release-proven" ? [] : [reason])),
    notice: (reason) =>
      newest(
        notices().filter((one) => one.reason === reason),
        `notice ${reason}`,
        entries,
      ),
    blocks: () => {
      const guards = incident().decisions.at(-1)?.guards ?? [];
      return Object.fromEntries(
        guards.flatMap((one) => (one.answer === "block" ? [[one.guard, one.reason]] : [])),
      );
    },
  };
}

function newest<T>(list: readonly T[], what: string, entries: readonly Entry[]): T {
  const found = list.at(-1);
  if (found === undefined) {
    throw new Error(`there is no ${what}; the journal ends with ${tail(entries)}`);
  }
  return found;
}

function tail(entries: readonly Entry[]): string {
  return entries
    .slice(-12)
    .map(({ fact }) => JSON.stringify(fact).slice(0, 160))
    .join("\n");
}
