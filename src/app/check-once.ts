import { blameWindowMsOf, tierOf } from "../decide/policy.ts";
import type { Config } from "../config/schema.ts";
import { ruleOf } from "../config/rule.ts";
import type { Journal } from "../journal/journal.ts";
import { judge } from "../judge/judge.ts";
import { signalAt } from "../judge/signal-at.ts";
import { remember } from "../judge/windows.ts";
import type { CheckRound } from "../model/operations.ts";
import type { Sample } from "../model/sample.ts";
import type { SignalRule } from "../model/signal.ts";
import { isStoppedByPerson } from "../model/service.ts";
import { createProbe } from "../observe/probes/index.ts";
import { sampleInTime } from "../observe/sample-in-time.ts";
import { openSources, type Sources } from "../observe/sources.ts";
import { openLockfiles } from "./lockfiles.ts";
import { reportDeployed, reportSignal, reportVerdict } from "./status.ts";
import type { Surroundings } from "./surroundings.ts";
import type { World } from "./world.ts";

/** What a single round needs; a daemon is not among it. */
export interface CheckPorts {
  readonly config: Config;
  readonly world: World;
  readonly surroundings: Surroundings;
  readonly journal: Pick<Journal, "history">;
}

/** Asks every probe once and judges by that alone. */
export async function checkOnce(ports: CheckPorts, signal: AbortSignal): Promise<CheckRound> {
  const { config, world, surroundings, journal } = ports;
  const { application, policy } = config;
  const sources = openSources(world);
  const [samples] = await Promise.all([
    Promise.all(
      config.signals.map(async (settings) => sampleOnce(ports, { settings, sources }, signal)),
    ),
    surroundings.lookAtAll(signal),
  ]);
  const at = world.clock.now();
  const rules = config.signals.map((one) => ruleOf(one, application));
  const stoppedServices = surroundings.services().filter(isStoppedByPerson);
  const stopped = new Set(stoppedServices.map((service) => service.name));
  const rounds = rules.flatMap((rule) => {
    const sample = samples.find((one) => one.signal === rule.name);
    if (sample === undefined) {
      return [];
    }
    const stoppedByPerson = rule.service !== undefined && stopped.has(rule.service);
    const memory = remember(rule, undefined, sample, stoppedByPerson);
    // In the moment of the look: what else was waited for meanwhile makes no sample old.
    const judged = signalAt(rule, memory, { now: sample.at, stoppedByPerson });
    const isBad = isOver(rule, sample) && !stoppedByPerson;
    return [{ judged, isBad, tookMs: sample.tookMs }];
  });
  const verdict = judge({
    signals: rounds.map((round) => round.judged),
    changes: journal.history().changes,
    controls: surroundings.controls(),
    services: surroundings.services(),
    tierOf: (trigger) => tierOf(policy, trigger),
    blameWindowMsOf: (trigger) => blameWindowMsOf(policy, trigger),
  });
  return {
    application: application.name,
    at,
    signals: rounds.map(({ judged, isBad, tookMs }) => ({
      ...reportSignal(judged, rules),
      bad: isBad,
      tookMs,
      ...notTried(config, judged.name),
    })),
    controls: surroundings.controls().map((one) => ({ ...one })),
    deployed: reportDeployed(journal.history(), surroundings.identity()?.value),
    verdict: reportVerdict(verdict),
  };
}

/** A round changes nothing, and so posts no synthetic reading. */
function notTried({ signals }: Config, name: string): { readonly notTried?: true } {
  const probe = signals.find((one) => one.name === name)?.probe;
  return probe?.kind === "synthetic-alert" ? { notTried: true } : {};
}

/** A limit that is relative to before a change is not known to a single look. */
function isOver({ limit, baseline }: SignalRule, { reading }: Sample): boolean {
  return reading.kind === "measured" && reading.value > limit && baseline === undefined;
}

async function sampleOnce(
  { config, world, journal }: CheckPorts,
  {
    settings,
    sources,
  }: { readonly settings: Config["signals"][number]; readonly sources: Sources },
  signal: AbortSignal,
): Promise<Sample> {
  const services = config.application.services.map((service) => service.name);
  const probe = createProbe(settings, {
    ...world,
    services,
    sources,
    secrets: config.secrets,
    databaseUrl: config.database?.url,
    lockfiles: openLockfiles({ config, files: world.files, journal }),
  });
  const at = world.clock.now();
  const started = world.clock.monotonic();
  const reading = await sampleInTime(probe, world.clock, signal);
  return { signal: settings.name, at, tookMs: world.clock.monotonic() - started, reading };
}
