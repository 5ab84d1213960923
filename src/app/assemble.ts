import { ruleOf } from "../config/rule.ts";
import type { Config } from "../config/schema.ts";
import { openJournal } from "../journal/journal.ts";
import type { JournalStore } from "../journal/store.ts";
import { queue } from "../notify/outbox.ts";
import { address } from "../notify/route.ts";
import { openApart } from "../observe/apart.ts";
import { createControls } from "../observe/controls.ts";
import { openTimeWatch } from "../observe/time-watch.ts";
import { openCatalogue } from "../release/catalogue.ts";
import type { Log } from "../system/log.ts";
import { controlSettingsOf } from "./control-settings.ts";
import type { Daemon } from "./daemon.ts";
import type { Lifecycle } from "./lifecycle.ts";
import { openObservatory } from "./observatory.ts";
import { openReadinesses } from "./readinesses.ts";
import { openRelative } from "./relative.ts";
import { openSurroundings } from "./surroundings.ts";
import { openWarmth } from "./warmth.ts";
import type { World } from "./world.ts";

/** What the parts are made of. */
export interface AssembleInput {
  readonly config: Config;
  readonly world: World;
  readonly store: JournalStore;
  readonly log: Log;
  readonly lifecycle: Lifecycle;
}

/** The daemon's parts, wired; nothing runs yet. */
export function assemble(input: AssembleInput): Daemon {
  const { config, world, store, log, lifecycle } = input;
  const { application, state, notify } = config;
  const journal = openJournal(store, ({ seq, fact }, why) => {
    log.warn({ seq, kind: fact.kind, why }, "the journal holds what this version would not write");
  });
  const rules = config.signals.map((one) => ruleOf(one, application));
  const catalogue = openCatalogue(world.files, state);
  const controls = createControls(world, controlSettingsOf(config));
  const relative = openRelative({ rules, policy: config.policy, journal, clock: world.clock });
  const time = openTimeWatch(world.clock, world.eventLoop, (byMs) => {
    journal.record({ kind: "clock-set", byMs: Math.round(byMs) });
  });
  lifecycle.onStop("time watch", async () => time.close());
  lifecycle.onStop("controls", async () => controls.close());
  const readinesses = openReadinesses(world, catalogue, application);
  const warmth = openWarmth({ config, world, log, journal, catalogue, readinesses });
  lifecycle.onStop("warm copy", async () => warmth.stop());
  return {
    config,
    world,
    log,
    journal,
    catalogue,
    rules,
    time,
    relative,
    observatory: openObservatory(rules, { time, relative }),
    surroundings: openSurroundings({ world, controls, log }, application),
    readinesses,
    warmth,
    apart: openApart(),
    tell: (draft) => {
      const at = world.clock.now();
      const made = { id: world.ids.next("notice", at), at };
      queue(journal, address(draft, notify.routes, config.people, made));
    },
  };
}
