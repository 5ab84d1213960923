import type { ApplicationSettings } from "../model/application.ts";
import type { Identity } from "../model/identity.ts";
import type { Plan } from "../model/plan.ts";
import type { CapturedPath, Release } from "../model/release.ts";
import type { Service } from "../model/service.ts";
import { outermost } from "../release/paths.ts";
import {
  cleanUpStep,
  pointGitStep,
  proveStep,
  savePm2Step,
  stageStep,
  startStep,
  stopStep,
  switchStep,
} from "./plan-steps.ts";
import { serviceWorks } from "./service-work.ts";
import type { KnownStep } from "./steps/index.ts";

/** A configuration file that stays as it is now, and why: it changed outside the blamed deployment. */
export interface KeptFile {
  readonly path: string;
  readonly reason: string;
}

/** Everything a plan is made from; the plan is frozen with it. */
export interface PlanInput {
  readonly id: string;
  readonly incident: string;
  /** `policy`, or the person who asked for it. */
  readonly requestedBy: string;
  readonly now: number;
  /** When the tier's budget is used up. */
  readonly deadline: number;
  readonly configHash: string;
  readonly application: ApplicationSettings;
  readonly target: Release;
  /** What is deployed now. */
  readonly from: Identity;
  /** The target's paths as they are now; what does not differ is left alone. */
  readonly current: readonly CapturedPath[];
  /** The configured services as pm2 has them now. */
  readonly services: readonly Service[];
  readonly kept: readonly KeptFile[];
  /** Whether this pm2 brings services back after a reboot. */
  readonly hasDump: boolean;
}

/** The ordered steps that take the application back to the target; everything they will need to know is in them. */
export function makePlan(input: PlanInput): Plan {
  const { id, incident, target, from, now, deadline, configHash, requestedBy, kept } = input;
  const works = serviceWorks(input);
  const early = works.filter(({ settings }) => !settings.destructive);
  const late = works.filter(({ settings }) => settings.destructive);
  const paths = differingPaths(input);
  const steps: readonly KnownStep[] = [
    ...paths.flatMap((path) => stageStep(path, input)),
    ...works.toReversed().flatMap(stopStep),
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
    scope: "application",
    target: target.id,
    from,
    createdAt: now,
    deadline,
    configHash,
    requestedBy,
    kept: kept.map(({ path, reason }) => ({ path, reason })),
    steps: [...steps],
  };
}

/** A plan in lines for people, as `--dry-run` prints it. */
export function describePlan(plan: Plan): readonly string[] {
  const kept = plan.kept ?? [];
  return [
    `plan ${plan.id}: roll the ${plan.scope} back to release ${plan.target}, asked for by ${plan.requestedBy}`,
    ...kept.map(({ path, reason }) => `${path} stays as it is: ${reason}`),
    ...plan.steps.map((step, index) => `${index + 1}. [${step.phase}] ${step.text ?? step.id}`),
  ];
}

function differingPaths({ target, current, kept }: PlanInput): readonly CapturedPath[] {
  const captured = [...target.artifacts, ...target.configFiles];
  const units = outermost(captured.map(({ path }) => path));
  return units.flatMap((unit) => {
    const wanted = captured.find(({ path }) => path === unit);
    const found = current.find(({ path }) => path === unit);
    const isSame = found?.kind === wanted?.kind && found?.digest === wanted?.digest;
    return wanted === undefined || isSame || kept.some(({ path }) => path === unit) ? [] : [wanted];
  });
}
