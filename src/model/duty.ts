import { type CalendarSettings, daysBetween, hoursAt, localTime } from "./calendar.ts";
import type { ContactSettings, PeopleSettings, RotationSettings } from "./people.ts";

/** The runbook's levels: the rollback team, senior management, executives. */
export const LEVELS = [1, 2, 3] as const;
export type Level = (typeof LEVELS)[number];

/** The level of a person: that of the highest role. */
export function levelOf({ roles }: Pick<ContactSettings, "roles">): Level {
  if (roles.includes("executives")) {
    return 3;
  }
  return roles.includes("senior-management") ? 2 : 1;
}

/** Whether a person is to be reached at a moment: within the hours, and in a rotation when it is the person's turn. */
export function isOnDuty(people: PeopleSettings, contact: ContactSettings, at: number): boolean {
  const { calendar, rotations } = people;
  if (calendar === undefined) {
    return true;
  }
  const hours = hoursAt(calendar, at);
  const own = rotations.filter(
    (rotation) => rotation.hours.includes(hours) && rotation.people.includes(contact.name),
  );
  return (
    contact.hours.includes(hours) &&
    (own.length === 0 || own.some((rotation) => turnOf(rotation, calendar, at) === contact.name))
  );
}

/** Whose turn it is in a rotation; the first one's before it begins. */
export function turnOf(
  { people, from, at: handover, days }: RotationSettings,
  calendar: CalendarSettings,
  at: number,
): string | undefined {
  const { day, time } = localTime(calendar, at);
  const passed = daysBetween(from, day) - (time < handover ? 1 : 0);
  const turn = Math.max(0, Math.floor(passed / days));
  return people[turn % people.length];
}

/** Everybody of a level and of those below who is on duty, as configured. */
export function peopleUpTo(
  people: PeopleSettings,
  level: Level,
  at: number,
): readonly ContactSettings[] {
  return people.contacts.filter(
    (contact) => levelOf(contact) <= level && isOnDuty(people, contact, at),
  );
}
