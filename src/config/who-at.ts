import { decidersOf, modeOf, tierOf } from "../decide/policy.ts";
import { type Hours, hoursAt } from "../model/calendar.ts";
import { isOnDuty, type Level, levelOf, LEVELS } from "../model/duty.ts";
import type { Role } from "../model/role.ts";
import type { Tier } from "../model/tier.ts";
import { type Mode, type Trigger, TRIGGER_ROWS, TRIGGERS } from "../model/trigger.ts";
import { approversIn } from "./asked-roles.ts";
import type { Config } from "./schema.ts";

/** A person as far as others must know. */
interface Reached {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly channels: readonly string[];
}

/** Those of one level who are reached, and when. */
interface Called {
  readonly level: Level;
  /** Milliseconds after an incident was opened while nobody acknowledges; null: they are not called. */
  readonly afterMs: number | null;
  /** The tiers that go so far up. */
  readonly tiers: readonly Tier[];
  readonly people: readonly Reached[];
}

/** Who decides about a trigger. */
interface Deciding {
  readonly trigger: Trigger;
  readonly tier: Tier;
  readonly mode: Mode;
  readonly roles: readonly Role[];
  /** Whether each of the roles must approve, by different people. */
  readonly everyRole: boolean;
  readonly people: readonly { readonly name: string; readonly isOnDuty: boolean }[];
}

/** Everybody who would be told, called or asked at a moment. */
export interface Who {
  readonly at: number;
  /** null: no calendar is configured. */
  readonly hours: Hours | null;
  readonly routes: Config["notify"]["routes"];
  readonly levels: readonly Called[];
  readonly deciders: readonly Deciding[];
}

/** Who would be told, called and asked at a moment; with a trigger about that one alone. */
export function whoAt(config: Config, at: number, trigger: Trigger | undefined): Who {
  const { people, notify } = config;
  const { second, third } = people.escalation;
  const afterMs = { 1: 0, 2: second === 0 ? null : second, 3: third === 0 ? null : third };
  const triggers = trigger === undefined ? TRIGGERS : [trigger];
  const tiers = new Set(triggers.map((one) => tierOf(config.policy, one)));
  const levels = LEVELS.map((level) => ({
    level,
    afterMs: afterMs[level],
    tiers: TIERS_OF[level].filter((tier) => tiers.has(tier)),
    people: people.contacts
      .filter((one) => levelOf(one) === level && one.channels.length > 0)
      .filter((one) => isOnDuty(people, one, at))
      .map(({ name, roles, channels }) => ({ name, roles, channels })),
  }));
  return {
    at,
    hours: people.calendar === undefined ? null : hoursAt(people.calendar, at),
    routes: notify.routes,
    levels: levels.filter((level) => level.tiers.length > 0),
    deciders: triggers.map((one) => decidingOf(config, one, at)),
  };
}

/** The tiers whose incidents go so far up. */
const TIERS_OF: Readonly<Record<Level, readonly Tier[]>> = {
  1: ["immediate", "fast", "planned"],
  2: ["immediate", "fast"],
  3: ["immediate"],
};

function decidingOf(config: Config, trigger: Trigger, at: number): Deciding {
  const { policy, people } = config;
  const roles = decidersOf(policy, trigger);
  const able = [...new Set(roles.flatMap((role) => approversIn(config, role)))];
  return {
    trigger,
    tier: tierOf(policy, trigger),
    mode: modeOf(policy, trigger),
    roles,
    everyRole: TRIGGER_ROWS[trigger].everyDecider,
    people: able.map((one) => ({ name: one.name, isOnDuty: isOnDuty(people, one, at) })),
  };
}
