import type { Config } from "../config/schema.ts";
import type { Journal } from "../journal/journal.ts";
import { judge } from "../judge/judge.ts";
import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import type { NoticeDraft } from "../notify/notices-draft.ts";
import type { Signal, SignalRule } from "../model/signal.ts";
import type { Verdict } from "../model/verdict.ts";
import type { Apart } from "../observe/apart.ts";
import type { TimeWatch } from "../observe/time-watch.ts";
import type { Catalogue } from "../release/catalogue.ts";
import type { Log } from "../system/log.ts";
import { stoppedByPeople } from "./own-stops.ts";
import type { Observatory } from "./observatory.ts";
import type { Readinesses } from "./readinesses.ts";
import type { Relative } from "./relative.ts";
import type { Surroundings } from "./surroundings.ts";
import type { Warmth } from "./warmth.ts";
import type { World } from "./world.ts";

/** What every part of the running daemon works with. */
export interface Daemon {
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  readonly journal: Journal;
  readonly catalogue: Catalogue;
  readonly rules: readonly SignalRule[];
  readonly observatory: Observatory;
  readonly time: TimeWatch;
  readonly relative: Relative;
  readonly surroundings: Surroundings;
  readonly readinesses: Readinesses;
  readonly warmth: Warmth;
  readonly apart: Apart;
  /** Puts a notice into the outbox; the same fact is told once. */
  readonly tell: (draft: NoticeDraft) => void;
}

/** Every signal as it is now. */
export function signalsNow(daemon: Daemon): readonly Signal[] {
  const { observatory, surroundings, world, journal } = daemon;
  const stopped = stoppedByPeople(surroundings.services(), journal.history());
  return observatory.signals(world.clock.now(), stopped);
}

/** The verdict over all signals as they are now. */
export function judgeNow(daemon: Daemon): Verdict {
  const { surroundings, journal, config } = daemon;
  return judge({
    signals: signalsNow(daemon),
    changes: journal.history().changes,
    controls: surroundings.controls(),
    services: surroundings.services(),
    tierOf: (trigger) => tierOf(config.policy, trigger),
    blameWindowMsOf: (trigger) => blameWindowMsOf(config.policy, trigger),
  });
}
