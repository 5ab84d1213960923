import type { Dependencies } from "../lab/repository.ts";
import type { ExampleRelease } from "../lab/releases.ts";
import type { Trigger } from "../src/model/trigger.ts";

/** What is measured: a fault that ends without a person, and what the runbook's side does about it. */
export interface Case {
  readonly name: string;
  /** The release or fault of the example. */
  readonly fault: string;
  readonly title: string;
  readonly trigger: Trigger;
  readonly dependencies: Dependencies;
  readonly cure: Cure;
}

/** The runbook's rollback, with or without `npm ci`; or, where no release is to blame, a restart of the service that is. */
export type Cure =
  | { readonly kind: "rollback"; readonly reinstall: boolean }
  | { readonly kind: "restart"; readonly service: string };

/** What a person asked for; without names and `all` it is one case of each trigger. */
export interface Choice {
  readonly names: readonly string[];
  readonly all: boolean;
}

/** Ends the name of a case in which the releases have as many dependencies as such a service usually has. */
const USUAL = "330";

/** Every fault whose right end is a rollback or a restart without a person; releases that change dependencies twice. */
export function casesOf(releases: readonly ExampleRelease[]): readonly Case[] {
  return releases.flatMap((release) => {
    const { id, title, trigger, change } = release;
    const cure = cureOf(release);
    if (trigger === null || cure === undefined) {
      return [];
    }
    const one = { name: id, fault: id, title, trigger, dependencies: "few", cure } as const;
    return change === "dependency"
      ? [one, { ...one, name: `${id}-${USUAL}`, dependencies: "usual" as const }]
      : [one];
  });
}

function cureOf({ right, change, fault }: ExampleRelease): Cure | undefined {
  if (right.outcome === "rolled-back") {
    return { kind: "rollback", reinstall: change === "dependency" };
  }
  if (right.outcome !== "serviced") {
    return undefined;
  }
  const isAlerts = fault?.kind === "freeze-websocket";
  return { kind: "restart", service: isAlerts ? "websocket-service" : "radiation-monitoring" };
}

/** The cases that were asked for, in the order of all of them; throws with their names when one does not exist. */
export function chooseCases(cases: readonly Case[], { names, all }: Choice): readonly Case[] {
  const known = cases.map((one) => one.name);
  const strange = names.filter((name) => !known.includes(name));
  if (strange.length > 0) {
    throw new Error(`there is no case ${strange.join(", ")}; there are ${known.join(", ")}`);
  }
  if (all) {
    return cases;
  }
  return names.length > 0
    ? cases.filter((one) => names.includes(one.name))
    : cases.filter((one) => one.name === one.trigger);
}
