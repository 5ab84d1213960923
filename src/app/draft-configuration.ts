import { Failure } from "../model/failure.ts";
import { isSameCode } from "../model/identity.ts";
import type { Plan } from "../model/plan.ts";
import {
  type EnvironmentChange,
  kindsOf,
  makeConfigurationPlan,
} from "../recover/plan-configuration.ts";
import type { Catalogue } from "../release/catalogue.ts";
import type { Definition } from "../system/pm2.ts";
import { definedVariables } from "../system/pm2-definition.ts";
import { gatherInput, type Planner, type PlanRequest } from "./draft-plan.ts";
import { keptEnvironments, keptFiles } from "./kept-files.ts";

/** Which configuration is to be put back. */
export interface ConfigurationRequest extends PlanRequest {
  /** The kinds; empty: all of them. */
  readonly kinds: readonly string[];
}

/** Looks at the configuration that is installed and makes the plan that puts back the release's; refused when nothing differs. */
export async function draftConfiguration(
  daemon: Planner & { readonly catalogue: Pick<Catalogue, "readDefinitions"> },
  request: ConfigurationRequest,
  signal: AbortSignal,
): Promise<Plan> {
  const { application } = daemon.config;
  const kinds = knownKinds(kindsOf(application), request.kinds);
  // Artefacts are left alone, so nobody looks at them.
  const release = { ...request.release, artifacts: [] };
  const input = await gatherInput(daemon, { ...request, release }, signal);
  const hasEnvironment = kinds.includes("environment");
  const environments = hasEnvironment ? keptEnvironments(input) : [];
  const files = keptFiles(input).filter(({ path }) => isOfKinds(request, kinds, path));
  const names = application.services.map((service) => service.name);
  const left = new Set(environments.map(({ path }) => path));
  const isWhole = isSameCode(input.from, release.identity);
  const captured = await daemon.catalogue.readDefinitions(release.id);
  const present = await daemon.world.pm2.definitions(names, signal);
  const plan = makeConfigurationPlan({
    ...input,
    kinds,
    isWhole,
    environments: hasEnvironment
      ? names
          .filter((name) => !left.has(name))
          .flatMap((name) => changeOf(name, { captured, present, isWhole }))
      : [],
    kept: [
      ...files,
      ...environments.map(({ path, reason }) => ({ path: `pm2 environment of ${path}`, reason })),
    ],
  });
  if (plan.steps.length === 0) {
    throw new Failure(
      "refused",
      `the configuration (${kinds.join(", ")}) is that of ${release.id}`,
      {
        hint: tellKept(plan),
      },
    );
  }
  return plan;
}

function tellKept({ kept = [] }: Plan): string {
  return kept.length === 0
    ? "`rollwatch release diff` shows what differs from a release."
    : kept.map(({ path, reason }) => `${path} stays as it is: ${reason}.`).join(" ");
}

function knownKinds(known: readonly string[], wanted: readonly string[]): readonly string[] {
  const unknown = wanted.filter((kind) => !known.includes(kind));
  if (unknown.length > 0) {
    throw new Failure("refused", `no configuration of the kind ${unknown.join(", ")} is declared`, {
      hint: `Known: ${known.join(", ")}; see \`application.configFiles\`.`,
    });
  }
  return wanted.length === 0 ? known : known.filter((kind) => wanted.includes(kind));
}

function isOfKinds(
  { release }: ConfigurationRequest,
  kinds: readonly string[],
  path: string,
): boolean {
  return release.configFiles.some((one) => one.path === path && kinds.includes(one.kindOfConfig));
}

interface Definitions {
  readonly captured: readonly Definition[];
  readonly present: readonly Definition[];
  /** Whether whole definitions count, or the environments alone. */
  readonly isWhole: boolean;
}

/** Nothing where the service is as captured, or was not captured: what came later is no configuration of that release. */
function changeOf(name: string, definitions: Definitions): readonly EnvironmentChange[] {
  const captured = definitions.captured.filter((one) => one.name === name);
  const present = definitions.present.filter((one) => one.name === name);
  if (captured.length === 0 || present.length === 0) {
    return [];
  }
  const [before, after] = [captured, present].map((all) => textOf(all, definitions.isWhole));
  return before === after ? [] : [{ service: name, gone: goneFrom(captured, present) }];
}

/** The same text for the same processes, however many and in whatever order. */
function textOf(definitions: readonly Definition[], isWhole: boolean): string {
  const texts = definitions.map((one) =>
    isWhole
      ? one.hash
      : JSON.stringify(
          Object.entries(definedVariables(one)).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        ),
  );
  return [...new Set(texts)].toSorted().join("\n");
}

function goneFrom(
  captured: readonly Definition[],
  present: readonly Definition[],
): readonly string[] {
  const known = new Set(captured.flatMap(({ env }) => Object.keys(env)));
  const now = present.flatMap((one) => Object.keys(definedVariables(one)));
  return [...new Set(now)].filter((name) => !known.has(name)).toSorted();
}
