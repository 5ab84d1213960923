import { z } from "zod";
import { CalendarSettings, Day, HOURS, TimeOfDay } from "./calendar.ts";
import { ROLES } from "./role.ts";
import { Duration } from "./units.ts";
import { words } from "./words.ts";

/** What a person's token allows. */
export const ACCESS = ["read", "acknowledge", "approve", "administer", "signal"] as const;
export type Access = (typeof ACCESS)[number];

/** Characters that stand apart in a token: over TCP nothing else keeps anybody from guessing on. */
const DIFFERENT = 8;

/** A person whom rollwatch knows. */
export const ContactSettings = z.strictObject({
  /** As it stands in the journal, in notices and reports, such as `Ada Lovelace`. */
  name: words(80),
  /** In which roles this person decides. Default none. */
  roles: z.array(z.enum(ROLES)).default([]),
  /**
   * Proves who it is, on the command line and over HTTP; at least 16 characters, 8 of them different, from the environment or a file. Without one
   * the person is named but cannot approve.
   */
  token: z
    .string()
    .min(16, { abort: true })
    .refine((token) => new Set(token).size >= DIFFERENT, {
      message: `expected at least ${DIFFERENT} different characters, best from \`openssl rand -hex 24\``,
    })
    .optional(),
  /**
   * What the token allows: read, acknowledge and note, approve in the roles, administer (pause, capture, roll back), each of
   * which includes read; signal (a program's: tell what it sees by a webhook) does not. Default acknowledge and approve.
   */
  access: z.array(z.enum(ACCESS)).default(["acknowledge", "approve"]),
  /** The channels that this person is reached by, beside those of `notify.routes`: of level 1 at once, of higher levels when nobody has acknowledged. Default none. */
  channels: z.array(z.string()).default([]),
  /** When this person is reached by them, by `people.calendar`. Default business, after-hours and weekend. */
  hours: z
    .array(z.enum(HOURS))
    .min(1)
    .default([...HOURS]),
  /** The channel that nobody but this person reads: what asks for a decision has a one-time link there. Default none. */
  linksTo: z.string().optional(),
  /** This person's member id in Slack, such as `U0123456789`: buttons that it presses decide. Default none. */
  slackUser: z
    .string()
    .regex(/^[UW][A-Z0-9]{2,}$/u, "expected a member's id such as U0123456789")
    .optional(),
});
export type ContactSettings = z.infer<typeof ContactSettings>;

/** Where somebody is reached whatever happens; it stands in every notice that wakes somebody. */
const EmergencySettings = z.strictObject({
  /** The number of the emergency hotline, such as `+49 30 123456`. Default none. */
  hotline: words(80).optional(),
  /** The address that emergencies are written to, such as `emergency@example.com`. Default none. */
  address: words(200).optional(),
  /** The channel where people talk during an emergency, such as `#emergency`. Default none. */
  channel: words(80).optional(),
});
export type EmergencySettings = z.infer<typeof EmergencySettings>;

/** When those of a higher level are called, counted from when an incident was opened or became graver. */
const EscalationSettings = z.strictObject({
  /** Senior management, of what must be over within 15 minutes; 0s: never. Default 15m. */
  second: Duration.prefault("15m"),
  /** Executives, of what must be over within 5 minutes; 0s: never. Default 30m. */
  third: Duration.prefault("30m"),
});

/** People who take turns. */
const RotationSettings = z.strictObject({
  name: words(80),
  /** Names of contacts, in the order of their turns. */
  people: z.array(z.string()).min(1),
  /** The day on which the first one's turn begins, such as `2026-01-05`. */
  from: Day,
  /** The time of day at which a turn ends, in the calendar's zone. Default 09:00. */
  at: TimeOfDay.default("09:00"),
  /** How many days a turn lasts. Default 7. */
  days: z.int().min(1).default(7),
  /** In which hours the turns count; in others the people are reached by their own `hours`. Default after-hours and weekend. */
  hours: z.array(z.enum(HOURS)).min(1).default(["after-hours", "weekend"]),
});
export type RotationSettings = z.infer<typeof RotationSettings>;

/** The people around the application. */
export const PeopleSettings = z.strictObject({
  contacts: z.array(ContactSettings).default([]),
  /** Printed below every notice that wakes somebody. Default nothing. */
  emergency: EmergencySettings.prefault({}),
  /** When the team is at work: planned matters wait for it. Default: there is none, and everybody is reached at any hour. */
  calendar: CalendarSettings.optional(),
  escalation: EscalationSettings.prefault({}),
  /** The day on which people last went through contacts and procedures; after 30 days they are reminded. Default: nobody is. */
  reviewed: Day.optional(),
  /** On-call duty. Default none. */
  rotations: z.array(RotationSettings).default([]),
});
export type PeopleSettings = z.infer<typeof PeopleSettings>;

/** Who asks for something, proven by a token or by being the operator of this host (`isOperator`: the socket's own user). */
export interface Person {
  readonly name: string;
  readonly roles: readonly (typeof ROLES)[number][];
  readonly access: readonly Access[];
}
