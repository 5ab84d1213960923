import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { ruleOf } from "../../src/config/rule.ts";
import { ConfigFile, type SignalSettings } from "../../src/config/schema.ts";
import type { SignalRule } from "../../src/model/signal.ts";
import type { ReplaySetup } from "../../src/replay/situation.ts";
import { replaySetup } from "../../src/app/replay-setup.ts";

/** A configured signal with the rule that it is judged by. */
export interface Watched {
  readonly settings: SignalSettings;
  readonly rule: SignalRule;
}

/** The shipped configuration as histories are judged by it. */
export interface Shipped {
  readonly setup: ReplaySetup;
  readonly watched: readonly Watched[];
  readonly services: readonly string[];
}

const FILE = resolve(import.meta.dirname, "../../config/rollwatch.yaml");

/** The shipped `config/rollwatch.yaml`; what it takes from the environment is filled in. */
export function shipped(): Shipped {
  const text = readFileSync(FILE, "utf8")
    .replaceAll("${RADIATION_DATABASE_URL}", "postgresql://u:p@127.0.0.1:5432/radiation")
    .replaceAll("${RADIATION_ROLLBACK_DATABASE_URL}", "postgresql://u:p@127.0.0.1:5432/radiation")
    .replaceAll("${RADIATION_WEBHOOK_URL}", "http://127.0.0.1:9/")
    .replaceAll(/\$\{(\w+)\}/gu, "filled-in-for-$1");
  const config = ConfigFile.parse(parse(text));
  return {
    setup: replaySetup(config),
    watched: config.signals.map((settings) => ({
      settings,
      rule: ruleOf(settings, config.application),
    })),
    services: config.application.services.map((service) => service.name),
  };
}
