import type { Difference } from "../model/difference.ts";
import type { Plan } from "../model/plan.ts";
import { restoredDefinitions } from "../recover/staged-definitions.ts";
import { StageDefinitionsDescriptor } from "../recover/steps/stage-definitions.ts";
import { compareConfiguration } from "../release/compare-configuration.ts";
import type { Definition } from "../system/pm2.ts";
import type { Daemon } from "./daemon.ts";

/** What a plan changes of the configuration, from what is installed to what it puts back; values that may be secrets are masked. */
export async function configurationDiff(
  { config, world, catalogue }: Pick<Daemon, "config" | "world" | "catalogue">,
  { target, kinds = [], kept = [], steps }: Plan,
  signal: AbortSignal,
): Promise<Difference[]> {
  const release = await catalogue.get(target ?? "");
  const left = new Set(kept.map(({ path }) => path));
  const configFiles = release.configFiles
    .filter(({ path, kindOfConfig }) => kinds.includes(kindOfConfig) && !left.has(path))
    .map(({ path }) => path);
  const staged = steps
    .map((step) => StageDefinitionsDescriptor.safeParse(step))
    .find((parsed) => parsed.success)?.data;
  const names = staged?.services ?? [];
  const present = await world.pm2.definitions(names, signal);
  const captured = await catalogue.readDefinitions(release.id);
  const restored = names.flatMap((name) =>
    restoredDefinitions(of(captured, name), of(present, name), staged?.whole === true),
  );
  const changes = await compareConfiguration(
    world.files,
    { tree: config.application.root, configFiles, definitions: present },
    { tree: catalogue.treeOf(release.id), configFiles, definitions: restored },
  );
  return [...changes];
}

function of(definitions: readonly Definition[], name: string): readonly Definition[] {
  return definitions.filter((definition) => definition.name === name);
}
