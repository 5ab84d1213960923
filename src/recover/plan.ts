import type { Plan, Scope } from "../model/plan.ts";
import type { CapturedPath } from "../model/release.ts";
import { releaseUnits } from "../release/paths.ts";
import {
  cleanUpStep,
  pointGitStep,
  proveStep,
  savePm2Step,
  stageStep,
  startStep,
  stopSteps,
  switchStep,
} from "./plan-steps.ts";
import type { PlanInput } from "./plan-input.ts";
import { serviceWorks } from "./service-work.ts";
import type { KnownStep } from "./steps/index.ts";

/** What a plan does to the database while the services stand still. */
export interface DatabaseSteps {
  readonly scope: Scope;
  /** The kept database that is put back. */
  readonly aside?: string | undefined;
  /** While nothing has been changed. */
  readonly prepare: readonly KnownStep[];
  /** Between the last stop and the first start. */
  readonly act: readonly KnownStep[];
}

/** The ordered steps that take the application back to the target; everything they will need to know is in them. */
export function makePlan(input: PlanInput): Plan {
  return composePlan(input, { scope: "application", prepare: [], act: [] });
}

/** The same with steps for the database among them: then destructive services stay stopped, until a person starts them. */
export function composePlan(input: PlanInput, { scope, aside, prepare, act }: DatabaseSteps): Plan {
  const { id, incident, target, from, now, deadline, configHash, requestedBy, kept } = input;
  const works = serviceWorks(input);
  const early = works.filter(({ settings }) => !settings.destructive);
  const late = act.length > 0 ? [] : works.filter(({ settings }) => settings.destructive);
  const paths = differingPaths(input);
  const steps: readonly KnownStep[] = [
    ...prepare,
    ...paths.flatMap((path) => stageStep(path, input)),
    ...stopSteps(works.toReversed(), input),
    ...act,
    ...paths.map(switchStep),
    ...pointGitStep(input),
    ...early.flatMap((work) => startStep(work, input, "act")),
    ...proveStep(early, input, "act"),
    ...late.flatMap((work) => startStep(work, input, "settle")),
    ...proveStep(late, input, "settle"),
    ...savePm2Step(input),
    cleanUpStep(),
  ];
  return {
    id,
    incident,
    scope,
    target: target.id,
    ...(aside === undefined ? {} : { aside }),
    from,
    createdAt: now,
    deadline,
    configHash,
    requestedBy,
    kept: kept.map(({ path, reason }) => ({ path, reason })),
    steps: [...steps],
  };
}

function differingPaths({ target, current, kept }: PlanInput): readonly CapturedPath[] {
  return releaseUnits(target).filter((wanted) => {
    const found = current.find(({ path }) => path === wanted.path);
    const isSame = found?.kind === wanted.kind && found.digest === wanted.digest;
    return !isSame && !kept.some(({ path }) => path === wanted.path);
  });
}
