import type { ServiceSettings } from "../model/application.ts";

/** The named services with all that are declared to come after one of them, directly or not, in the order of starting. Pure. */
export function withDependents(
  services: readonly ServiceSettings[],
  names: readonly string[],
): readonly string[] {
  const found = new Set(names);
  // What a service comes after stands before it in the list, so one pass finds all.
  for (const { name, after } of services) {
    if (after.some((one) => found.has(one))) {
      found.add(name);
    }
  }
  return services.map(({ name }) => name).filter((name) => found.has(name));
}
