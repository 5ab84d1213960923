import type { ApplicationSettings } from "../model/application.ts";
import type { Plan } from "../model/plan.ts";
import type { CapturedPath } from "../model/release.ts";
import type { PlanInput } from "./plan-input.ts";
import { cleanUpStep, savePm2Step, stageStep, stopSteps, switchStep } from "./plan-steps.ts";
import { type ServiceWork, serviceWorks } from "./service-work.ts";
import type { KnownStep } from "./steps/index.ts";

const QUICK_MS = 30_000;
const START_MS = 30_000;
const STOP_MARGIN_MS = 10_000;
const PROVE_MS = 60_000;
const STEADY_MS = 2000;

/** A service whose pm2 definition differs from the captured one; of variables the names alone. */
export interface EnvironmentChange {
  readonly service: string;
  /** Variables that are there now and were not at the capture. */
  readonly gone: readonly string[];
}

/** Everything a plan that puts back configuration alone is made from. */
export interface ConfigurationInput extends PlanInput {
  /** The kinds to put back. */
  readonly kinds: readonly string[];
  /** Services that are started with the environment of the capture: theirs differs and is not kept. */
  readonly environments: readonly EnvironmentChange[];
  /** Whether the whole definitions are put back: the code is the target's, so their scripts are there. */
  readonly isWhole: boolean;
}

/** One service that a plan starts anew, and with what. */
interface Renewal {
  readonly work: ServiceWork;
  /** Whether its pm2 definition is replaced: its environment is put back, or pm2 knows none. */
  readonly isReplaced: boolean;
  /** Variables that it must not have any more. */
  readonly gone: readonly string[];
}

/**
 * The plan that puts back the configuration of some kinds and leaves everything else alone: code, git, and the services that
 * do not read it. Services are restarted once the files are back, one after the other in the order of starting; destructive ones stand
 * still from the switch to the proof. Pure; without steps where nothing differs.
 */
export function makeConfigurationPlan(input: ConfigurationInput): Plan {
  const { id, incident, target, from, now, deadline, configHash, requestedBy, kept, kinds } = input;
  const paths = differingFiles(input);
  const renewals = renewalsOf(input, paths);
  const late = renewals.filter(({ work }) => work.settings.destructive);
  const early = renewals.filter(({ work }) => !work.settings.destructive);
  const steps: readonly KnownStep[] = [
    ...paths.flatMap((path) => stageStep(path, input)),
    ...stageDefinitionsStep(renewals, input),
    ...stopSteps(late.map(({ work }) => work).toReversed(), input),
    ...paths.map(switchStep),
    ...early.flatMap((renewal) => renewStep(renewal, input, "act")),
    ...proveStep(early, input, "act"),
    ...late.flatMap((renewal) => renewStep(renewal, input, "settle")),
    ...proveStep(late, input, "settle"),
  ];
  return {
    id,
    incident,
    scope: "configuration",
    target: target.id,
    kinds: [...kinds],
    from,
    createdAt: now,
    deadline,
    configHash,
    requestedBy,
    kept: kept.map(({ path, reason }) => ({ path, reason })),
    steps: steps.length === 0 ? [] : [...steps, ...savePm2Step(input), cleanUpStep()],
  };
}

/** The kinds of configuration that an application has: those with files, and pm2's environment. */
export function kindsOf({ configFiles }: ApplicationSettings): readonly string[] {
  const named = Object.entries(configFiles).flatMap(([kind, paths]) =>
    paths.length === 0 ? [] : [kind],
  );
  return [...new Set(["environment", ...named])];
}

/** The captured files of the kinds that are not as they were; each path once, whatever its kinds. */
function differingFiles({
  target,
  current,
  kept,
  kinds,
}: ConfigurationInput): readonly CapturedPath[] {
  const wanted = target.configFiles.filter(({ kindOfConfig }) => kinds.includes(kindOfConfig));
  const paths = new Map(wanted.map(({ kindOfConfig: _kind, ...path }) => [path.path, path]));
  return [...paths.values()].filter((path) => {
    const found = current.find((one) => one.path === path.path);
    const isSame = found?.kind === path.kind && found.digest === path.digest;
    return !isSame && !kept.some((one) => one.path === path.path);
  });
}

/** The services that the changed files concern, or whose environment is put back; what a person stopped stays stopped. */
function renewalsOf(input: ConfigurationInput, paths: readonly CapturedPath[]): readonly Renewal[] {
  const changed = new Set(paths.map((path) => path.path));
  const kinds = input.target.configFiles
    .filter(({ path, kindOfConfig }) => changed.has(path) && input.kinds.includes(kindOfConfig))
    .map(({ kindOfConfig }) => kindOfConfig);
  return serviceWorks(input).flatMap((work) => {
    const { name, reads } = work.settings;
    const change = input.environments.find((one) => one.service === name);
    const isReader = kinds.some((kind) => reads?.includes(kind) ?? true);
    const isReplaced = change !== undefined || work.processes === 0;
    return work.starts && (isReader || change !== undefined)
      ? [{ work, isReplaced, gone: change?.gone ?? [] }]
      : [];
  });
}

function stageDefinitionsStep(
  renewals: readonly Renewal[],
  { target, isWhole }: ConfigurationInput,
): readonly KnownStep[] {
  const services = renewals.flatMap(({ work, isReplaced }) =>
    isReplaced ? [work.settings.name] : [],
  );
  const what = isWhole ? "definition" : "environment";
  return services.length === 0
    ? []
    : [
        {
          id: "stage-definitions",
          kind: "stage-definitions",
          phase: "prepare",
          text: `keep the ${what} that ${services.join(", ")} had in ${target.id} ready`,
          deadlineMs: QUICK_MS,
          release: target.id,
          services,
          whole: isWhole,
        },
      ];
}

function renewStep(
  { work, isReplaced, gone }: Renewal,
  { target, isWhole }: ConfigurationInput,
  phase: "act" | "settle",
): readonly KnownStep[] {
  const { settings, processes, stopMs, bootMs } = work;
  const what = isWhole ? "definition" : "environment";
  const without = gone.length === 0 ? "" : `, without ${gone.join(", ")}`;
  return [
    {
      id: `start-service:${settings.name}`,
      kind: "start-service",
      phase,
      text: isReplaced
        ? `restart ${settings.name} with its captured ${what}${without}`
        : `restart ${settings.name}`,
      deadlineMs: stopMs + STOP_MARGIN_MS + START_MS * Math.max(processes, 1) + bootMs,
      release: target.id,
      service: settings.name,
      how: isReplaced ? "replace" : "restart",
      staged: true,
    },
  ];
}

function proveStep(
  renewals: readonly Renewal[],
  { target }: ConfigurationInput,
  phase: "act" | "settle",
): readonly KnownStep[] {
  const names = renewals.map(({ work }) => work.settings.name);
  return renewals.length === 0
    ? []
    : [
        {
          id: phase === "act" ? "prove-configuration" : "prove-configuration:settle",
          kind: "prove-configuration",
          phase,
          text: `prove that ${names.join(", ")} ${names.length === 1 ? "uses" : "use"} the configuration of ${target.id}`,
          deadlineMs: PROVE_MS,
          release: target.id,
          services: renewals.map(({ work, gone }) => ({
            name: work.settings.name,
            gone: [...gone],
          })),
          steadyMs: STEADY_MS,
        },
      ];
}
