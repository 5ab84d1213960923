import type { PeopleSettings } from "../model/people.ts";
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

/** The same for all spellings of a name: capitals, wide and composed letters, spaces. */
function alike(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ");
}
