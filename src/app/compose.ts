import type { DaemonHost, OpenedActions, OpenedOperations } from "../cli/ports.ts";
import { type Environment, processEnvironment } from "../config/environment.ts";
import { ruleOf } from "../config/rule.ts";
import type { Config } from "../config/schema.ts";
import { serviceManagerOf } from "../config/service-manager.ts";
import { modeOf } from "../decide/policy.ts";
import { recordOf } from "../decide/record.ts";
import { openStore } from "../journal/store.ts";
import { Failure } from "../model/failure.ts";
import type { Operations } from "../model/operations.ts";
import { createControls } from "../observe/controls.ts";
import { openCatalogue } from "../release/catalogue.ts";
import { openClock } from "../system/clock.ts";
import { holdLock } from "../system/lock.ts";
import { openLog } from "../system/log.ts";
import { openServiceManager } from "../system/service-manager.ts";
import { openAlone } from "./alone.ts";
import { reportAsides } from "./asides.ts";
import { checkOnce } from "./check-once.ts";
import { controlSettingsOf } from "./control-settings.ts";
import { startBallast } from "./keep-ballast.ts";
import { tellLastWord } from "./last-word.ts";
import { openLifecycle } from "./lifecycle.ts";
import { daemonLockPath } from "./locks.ts";
import { channelsOf } from "./loops.ts";
import { checkPlaces } from "./preflight.ts";
import { previewRollback } from "./preview.ts";
import { diffReleases, showRelease } from "./release-actions.ts";
import { journalPath, readHistory } from "./read-history.ts";
import { openReadinesses } from "./readinesses.ts";
import type { Supervision } from "./service-manager.ts";
import { reportIncidents, reportReleases } from "./status.ts";
import { openSurroundings } from "./surroundings.ts";
import { watchOver } from "./watch.ts";
import { withWarmDatabases } from "./warm-report.ts";
import { openWorld, type World } from "./world.ts";

const STDOUT = 1;

/** The daemon in the foreground: everything is opened in order, and put away in the opposite one when the signal aborts. */
export async function runDaemon(
  config: Config,
  host: DaemonHost,
  signal: AbortSignal,
): Promise<number> {
  const log = openLog({ level: "info", secrets: config.secrets, fd: STDOUT });
  const lifecycle = openLifecycle(log);
  try {
    const environment = processEnvironment();
    const world = openWorld(config, environment);
    lifecycle.onStop("database", async () => world.database?.close());
    await checkPlaces(config, world, environment);
    const lock = holdLock(daemonLockPath(config));
    lifecycle.onStop("lock", () => lock.release());
    const store = openStore(journalPath(config), world.clock);
    startBallast(config.state, log);
    lifecycle.onStop("journal", () => store.close());
    const supervision = supervisionOf(world, environment, host.pid);
    await watchOver({ config, world, store, log, host, lifecycle, ...supervision }, signal);
    return 0;
  } catch (error) {
    const clock = openClock();
    const channels = channelsOf({ config, log, world: { clock } });
    await tellLastWord({ config, channels, clock, log }, error, signal);
    throw error;
  } finally {
    await lifecycle.stop();
  }
}

/** Nothing where no service manager started this process. */
function supervisionOf(
  { processes, childEnvironment }: World,
  environment: Environment,
  pid: number,
): { readonly supervision?: Supervision } {
  const settings = serviceManagerOf(environment, pid);
  if (settings === undefined) {
    return {};
  }
  const { socket, ...rest } = settings;
  const manager = openServiceManager(socket, processes, childEnvironment);
  return { supervision: { manager, ...rest } };
}

/** Operations for one command, without a daemon: they look, and write nothing. */
export async function composeOperations(config: Config): Promise<OpenedOperations> {
  const log = openLog({ level: "silent", secrets: config.secrets, fd: STDOUT });
  const environment = processEnvironment();
  const world = openWorld(config, environment);
  await checkPlaces(config, world, environment);
  const history = readHistory(config);
  const { application, state } = config;
  const controls = createControls(world, controlSettingsOf(config));
  const surroundings = openSurroundings({ world, controls, log }, application);
  const catalogue = openCatalogue(world.files, state);
  const readinesses = openReadinesses(world, catalogue, application);
  const rules = config.signals.map((one) => ruleOf(one, application));
  const journal = { history: () => history };
  const parts = { config, world, journal, catalogue, surroundings, readinesses, rules };
  const operations: Operations = {
    status: async () => {
      throw new Failure("no-daemon", "there is no daemon to ask for its status", {
        hint: "Start it with `rollwatch run`.",
      });
    },
    check: async (signal) => checkOnce(parts, signal),
    previewRollback: async (request, signal) => previewRollback(parts, request, signal),
    releases: async () => withWarmDatabases(parts, reportReleases(history, readinesses)),
    record: async () => recordOf(history, (trigger) => modeOf(config.policy, trigger)),
    incidents: async () => reportIncidents(history),
    incident: async (id) => reportIncidents(history).find((one) => one.id === id),
    asides: async (signal) => reportAsides(parts, signal),
    showRelease: async (id) => showRelease(parts, id),
    diffReleases: async (a, b, signal) => diffReleases(parts, a, b, signal),
  };
  return {
    operations,
    close: async () => {
      await controls.close();
      await world.database?.close();
    },
  };
}

/** Both doors for one command without a daemon: it takes the locks and acts itself. */
export async function composeActions(config: Config): Promise<OpenedActions> {
  const log = openLog({ level: "silent", secrets: config.secrets, fd: STDOUT });
  const stopping = new AbortController();
  const alone = await openAlone(config, log, stopping.signal);
  return {
    operations: alone.operations,
    actions: alone.actions,
    close: async () => {
      await alone.close();
      stopping.abort();
    },
  };
}
