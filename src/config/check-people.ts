import { HOURS } from "../model/calendar.ts";
import { levelOf } from "../model/duty.ts";
import type { PeopleSettings } from "../model/people.ts";
import { duplicates, notOneOf } from "./name-findings.ts";
import type { Finding } from "./problem.ts";

/** rollwatch's own name for itself in plans; nobody else may carry it. */
const OWN_NAME = "policy";

/** Two people whom an approval could not tell apart, or one who passes for rollwatch itself. */
export function checkPeople({ contacts }: PeopleSettings): readonly Finding[] {
  const names = contacts.map((contact) => alike(contact.name));
  const tokens = contacts.map((contact) => contact.token);
  return contacts.flatMap(({ name, token }, index) => [
    ...(names.indexOf(alike(name)) < index || alike(name) === OWN_NAME
      ? [
          {
            path: ["people", "contacts", index, "name"],
            expected: `each name once, and not ${OWN_NAME}`,
            found: `"${name}"`,
            hint: "give each person a name of its own: approvals of two people are told apart by it",
          },
        ]
      : []),
    ...(token !== undefined && tokens.indexOf(token) < index
      ? [
          {
            path: ["people", "contacts", index, "token"],
            expected: "a token of this person's own",
            found: `the token of ${contacts[tokens.indexOf(token)]?.name ?? "another"}`,
            hint: "give each person another token, or one could approve for two",
          },
        ]
      : []),
  ]);
}

/** Two people of one member of Slack, who could decide for both. */
export function checkMembers({ contacts }: PeopleSettings): readonly Finding[] {
  const members = contacts.map(({ slackUser }) => slackUser);
  return members.flatMap((member, index) => {
    const first = members.indexOf(member);
    const found = `"${member}", the member of ${contacts[first]?.name ?? "another"}`;
    const hint = "give each person another member, or one could approve for two";
    const path = ["people", "contacts", index, "slackUser"];
    return member === undefined || first === index
      ? []
      : [{ path, expected: "a member of this person's own", found, hint }];
  });
}

/** A link of one person that others could use, or that would lead nowhere. */
export function checkLinks(
  { contacts }: PeopleSettings,
  channels: readonly string[],
  hasAddress: boolean,
): readonly Finding[] {
  const owned = contacts.map(({ linksTo }) => linksTo);
  return owned.flatMap((channel, index) => {
    const path = ["people", "contacts", index, "linksTo"];
    if (channel === undefined) {
      return [];
    }
    const found = `"${channel}"`;
    if (!channels.includes(channel)) {
      const expected = `one of ${channels.join(", ")}`;
      return [{ path, expected, found, hint: "name a channel of notify.channels" }];
    }
    if (owned.indexOf(channel) < index) {
      const hint = "whoever has a link approves in the name of its person: give each a channel";
      return [{ path, expected: "a channel of this person's own", found, hint }];
    }
    const hint = "set server.publicUrl to where people reach rollwatch, or remove linksTo";
    return hasAddress ? [] : [{ path, expected: "server.publicUrl beside it", found, hint }];
  });
}

/** Who is reached by which channel, and when: a channel that is none, a person whom nothing reaches, an hour that nobody covers. */
export function checkDuty(people: PeopleSettings, channels: readonly string[]): readonly Finding[] {
  const { contacts, rotations } = people;
  const names = contacts.map(({ name }) => name);
  return [
    ...contacts.flatMap((contact, index) =>
      contact.channels.flatMap((channel, place) =>
        channels.includes(channel)
          ? []
          : [
              notOneOf(
                ["people", "contacts", index, "channels", place],
                channel,
                channels,
                "a channel of notify.channels",
              ),
            ],
      ),
    ),
    ...duplicates(
      rotations.map(({ name }) => name),
      (index) => ["people", "rotations", index, "name"],
    ),
    ...rotations.flatMap((rotation, index) =>
      rotation.people.flatMap((name, place) =>
        names.includes(name)
          ? []
          : [
              notOneOf(
                ["people", "rotations", index, "people", place],
                name,
                names,
                "the name of a contact",
              ),
            ],
      ),
    ),
    ...withoutCalendar(people),
    ...withoutChannel(people),
    ...uncovered(people),
  ];
}

/** Hours and turns mean nothing without a calendar. */
function withoutCalendar({ calendar, contacts, rotations }: PeopleSettings): readonly Finding[] {
  if (calendar !== undefined) {
    return [];
  }
  const expected = "people.calendar beside it";
  const hint = "set people.calendar.timeZone, such as Europe/Berlin";
  const limited = contacts.flatMap(({ hours }, index) =>
    hours.length === HOURS.length
      ? []
      : [
          {
            path: ["people", "contacts", index, "hours"],
            expected,
            found: `[${hours.join(", ")}]`,
            hint,
          },
        ],
  );
  return rotations.length === 0
    ? limited
    : [...limited, { path: ["people", "rotations"], expected, found: "a rotation", hint }];
}

/** Where people are reached by channels of their own, each who has a role or a turn must be. */
function withoutChannel({ contacts, rotations }: PeopleSettings): readonly Finding[] {
  const inTurns = new Set(rotations.flatMap(({ people }) => people));
  const isUsed = contacts.some(({ channels }) => channels.length > 0);
  return contacts.flatMap(({ name, roles, channels }, index) =>
    !isUsed || channels.length > 0 || (roles.length === 0 && !inTurns.has(name))
      ? []
      : [
          {
            path: ["people", "contacts", index, "name"],
            expected: "a channel that reaches each person who has a role or a turn",
            found: `"${name}" without one`,
            hint: "give this person channels, or none to anybody: then all are reached by notify.routes",
          },
        ],
  );
}

/** Hours in which nobody of the rollback team is reached though somebody is in others. */
function uncovered({ contacts }: PeopleSettings): readonly Finding[] {
  const team = contacts.filter((one) => levelOf(one) === 1 && one.channels.length > 0);
  const open = HOURS.filter((hours) => !team.some((one) => one.hours.includes(hours)));
  return team.length === 0 || open.length === 0
    ? []
    : [
        {
          path: ["people", "contacts"],
          expected: "somebody of the rollback team who is reached at every hour",
          found: `nobody in ${open.join(", ")}`,
          hint: `add ${open.join(", ")} to the hours of somebody who has channels`,
        },
      ];
}

/** The same for all spellings of a name: capitals, wide and composed letters, spaces. */
function alike(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ");
}
