import { decidersOf } from "../decide/policy.ts";
import type { ContactSettings } from "../model/people.ts";
import type { Role } from "../model/role.ts";
import { TRIGGERS, type Trigger } from "../model/trigger.ts";
import type { Config } from "./schema.ts";

/** For what a role is asked: always (`recommend`), or where a guard says so (`auto`). */
export interface Asked {
  readonly recommend: readonly Trigger[];
  readonly auto: readonly Trigger[];
}

/** Every role that may be asked to decide, with the triggers that it is asked about. */
export function askedRoles({ policy }: Pick<Config, "policy">): ReadonlyMap<Role, Asked> {
  const asked = new Map<Role, Asked>();
  for (const trigger of TRIGGERS) {
    const { mode } = policy.triggers[trigger];
    if (mode === "recommend" || mode === "auto") {
      for (const role of decidersOf(policy, trigger)) {
        const known = asked.get(role) ?? { recommend: [], auto: [] };
        asked.set(role, { ...known, [mode]: [...known[mode], trigger] });
      }
    }
  }
  return asked;
}

/** Who can approve in a role. */
export function approversIn(
  { people }: Pick<Config, "people">,
  role: Role,
): readonly ContactSettings[] {
  return people.contacts.filter(
    (one) => one.roles.includes(role) && one.token !== undefined && one.access.includes("approve"),
  );
}

/** Roles that will be asked though nobody has them: what waits for them expires. A line each. */
export function rolesWithoutPeople(config: Pick<Config, "policy" | "people">): readonly string[] {
  return [...askedRoles(config)].flatMap(([role, { recommend }]) =>
    recommend.length === 0 || approversIn(config, role).length > 0
      ? []
      : [
          `nobody can approve for ${recommend.join(", ")}: add somebody with the role ${role} and a token to people.contacts`,
        ],
  );
}
