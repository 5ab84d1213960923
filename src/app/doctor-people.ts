import { approversIn, type Asked, askedRoles } from "../config/asked-roles.ts";
import type { Config } from "../config/schema.ts";
import { reviewAt } from "./contact-review.ts";
import type { Role } from "../model/role.ts";
import { type Examination, fault, type Finding, ok, warning } from "./doctor-examination.ts";

/** Looks at who decides and who is told. No message is sent. */
export const PEOPLE: readonly Examination[] = [
  { area: "people", check: "deciders", look: async ({ config }) => lookAtDeciders(config) },
  { area: "people", check: "channels", look: async ({ config }) => lookAtChannels(config) },
  {
    area: "people",
    check: "review",
    look: async ({ config, world }) => lookAtReview(config, world.clock.now()),
  },
];

function lookAtReview({ people }: Config, now: number): readonly Finding[] {
  const { reviewed } = people;
  const overdue = reviewAt(people, now);
  if (reviewed === undefined) {
    return [];
  }
  return overdue === undefined
    ? [ok("review", `contacts and procedures were reviewed on ${reviewed}`)]
    : [
        warning(
          "review",
          `contacts and procedures were reviewed ${overdue.days} days ago`,
          "Go through them, and set people.reviewed to the day of it.",
        ),
      ];
}

function lookAtDeciders(config: Config): readonly Finding[] {
  const asked = askedRoles(config);
  return asked.size === 0
    ? [ok("deciders", "no trigger is in recommend or auto mode")]
    : [...asked].map(([role, triggers]) => findingOf(config, role, triggers));
}

/** In auto mode a person is asked only where a guard says so. */
function findingOf(config: Config, role: Role, { recommend, auto }: Asked): Finding {
  const check = `role ${role}`;
  const people = approversIn(config, role);
  if (people.length > 0) {
    return ok(check, people.map(({ name }) => name).join(", "));
  }
  const cure = `Add somebody with the role ${role} and a token to people.contacts.`;
  const about = [...recommend, ...auto].join(", ");
  return recommend.length > 0
    ? fault(check, `nobody can approve for ${about}`, cure)
    : warning(check, `nobody could approve for ${about}, where a guard asks for a person`, cure);
}

function lookAtChannels({ notify }: Config): readonly Finding[] {
  const { channels, routes } = notify;
  const named = Object.entries(channels).map(([name, channel]) => {
    const isOpen = channel.kind === "webhook" && !isPrivate(new URL(channel.url));
    return isOpen
      ? warning(`channel ${name}`, "its notices travel readable for everybody", "Use https.")
      : ok(`channel ${name}`, channel.kind);
  });
  const isLogAlone = routes.page.every((name) => channels[name]?.kind === "log");
  return isLogAlone
    ? [
        ...named,
        warning(
          "route page",
          "only rollwatch's own log is told: nobody is woken",
          "Add a channel to notify.channels and name it in notify.routes.page.",
        ),
      ]
    : [...named, ok("route page", routes.page.join(", "))];
}

function isPrivate({ protocol, hostname }: URL): boolean {
  return protocol === "https:" || /^(?:localhost|127\.\d+\.\d+\.\d+|\[::1\])$/u.test(hostname);
}
