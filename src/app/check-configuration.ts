import type { Identity } from "../model/identity.ts";
import type { Plan } from "../model/plan.ts";
import type { Release } from "../model/release.ts";
import type { Check } from "../model/verification.ts";
import { StageDefinitionsDescriptor } from "../recover/steps/stage-definitions.ts";
import { compareIdentity } from "../release/ledger.ts";

/** Whether the configuration that a plan put back is the target's by now; of the rest of the release nothing is said. */
export function checkConfiguration(plan: Plan, target: Release, identity: Identity): Check {
  const { parts, summary } = compareIdentity(wantedOf(plan, target), identity);
  const passed = parts.length === 0;
  const what = `the configuration (${(plan.kinds ?? []).join(", ")})`;
  const detail = passed
    ? `${what} is that of ${target.id}`
    : `${what} differs from ${target.id}: ${summary.join("; ")}`;
  return { name: "restored configuration", passed, detail };
}

function wantedOf(
  { kinds = [], kept = [], steps }: Plan,
  { identity, ...target }: Release,
): Identity {
  const left = new Set(kept.map((file) => file.path));
  const paths = target.configFiles
    .filter(({ path, kindOfConfig }) => kinds.includes(kindOfConfig) && !left.has(path))
    .map(({ path }) => path);
  const staged = steps
    .map((step) => StageDefinitionsDescriptor.safeParse(step))
    .find((parsed) => parsed.success)?.data;
  // Present definitions with captured variables are none that was ever captured: their step proved them. What deletes data
  // starts later.
  const started = new Set(
    steps.filter(({ phase }) => phase === "act").map((step) => step["service"]),
  );
  const names = staged?.whole === true ? staged.services.filter((name) => started.has(name)) : [];
  return {
    configFiles: pick(identity.configFiles, paths),
    definitions: pick(identity.definitions, names),
  };
}

type Hashes = Readonly<Record<string, string | null>>;

function pick(hashes: Hashes = {}, names: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(Object.entries(hashes).filter(([name]) => names.includes(name)));
}
