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

/** The same for all spellings of a name: capitals, wide and composed letters, spaces. */
function alike(name: string): string {
  return name.normalize("NFKC").toLowerCase().replaceAll(/\s+/gu, " ");
}
