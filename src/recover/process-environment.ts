import { z } from "zod";

/** What a process is to have in its environment, and what not. */
interface Wanted {
  readonly variables: Readonly<Record<string, string>>;
  /** Names that must not be there. */
  readonly gone: readonly string[];
}

/** A cluster's worker inherits that of pm2's daemon, and takes its own out of this one variable when it starts. */
const CLUSTER_VARIABLE = "pm2_env";
const ClusterEnvironment = z.record(z.string(), z.unknown());

/** How the environment that the kernel shows differs from the wanted one, by names alone; undefined when it does not. Pure. */
export function whyOtherEnvironment(
  found: Readonly<Record<string, string>>,
  { variables, gone }: Wanted,
): string | undefined {
  const actual = environmentIn(found);
  const other = Object.entries(variables).flatMap(([name, value]) =>
    String(actual[name]) === value ? [] : [name],
  );
  const left = gone.filter((name) => actual[name] !== undefined);
  const problems = [
    ...(left.length === 0 ? [] : [`still with ${left.join(", ")}`]),
    ...(other.length === 0 ? [] : [`without the restored ${other.join(", ")}`]),
  ];
  return problems.length === 0 ? undefined : problems.join(" and ");
}

function environmentIn(found: Readonly<Record<string, string>>): Readonly<Record<string, unknown>> {
  const own = found[CLUSTER_VARIABLE];
  const parsed = ClusterEnvironment.safeParse(own === undefined ? undefined : parseJson(own));
  return parsed.success ? parsed.data : found;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
