import { createHash, timingSafeEqual } from "node:crypto";
import { ACCESS, type Access, type ContactSettings, type Person } from "../model/people.ts";

/** What the operator of this host may do without a token: everything but approve. */
const OPERATOR_ACCESS: readonly Access[] = ACCESS.filter((one) => one !== "approve");
/** What stands in a plan that nobody asked for: an operator of this name would be taken for rollwatch itself. */
const OWN_NAME = "policy";
/** Letters of any script first, then what stands in names and accounts; no line breaks, no markup. */
const NAME = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N} ._@'-]{0,79}$/u;

/** The people whom a token can prove. */
export interface People {
  /** The person of this token; undefined when it is nobody's. Takes the same time either way. */
  byToken(token: string): Person | undefined;
  /**
   * The operator of this host under the name that was given; undefined when that can be no name. A name that only a token
   * could prove is marked.
   */
  operator(name: string): Person | undefined;
}

/** Looks tokens up among the contacts, in constant time: every one of them is compared, as a sha256, whatever was found before. */
export function openPeople(contacts: readonly ContactSettings[]): People {
  const known = contacts.flatMap(({ name, roles, access, token }) =>
    token === undefined ? [] : [{ digest: digestOf(token), person: { name, roles, access } }],
  );
  const names = new Set([OWN_NAME, ...contacts.map((contact) => contact.name.toLowerCase())]);
  return {
    byToken(token) {
      const digest = digestOf(token);
      let found: Person | undefined;
      for (const one of known) {
        found = timingSafeEqual(one.digest, digest) ? one.person : found;
      }
      return found;
    },
    operator(name) {
      if (!NAME.test(name)) {
        return undefined;
      }
      const isClaimed = names.has(name.toLowerCase());
      return { name: isClaimed ? `${name} (no token)` : name, roles: [], access: OPERATOR_ACCESS };
    },
  };
}

/** The operator of this host who also proved to be a known person: what either may do. */
export function asOperator(person: Person): Person {
  return { ...person, access: ACCESS.filter((one) => mayAsOperator(person, one)) };
}

function mayAsOperator(person: Person, access: Access): boolean {
  return OPERATOR_ACCESS.includes(access) || person.access.includes(access);
}

/** Whether a secret is the one that is expected; takes the same time either way. */
export function isSecret(expected: string, given: string): boolean {
  return timingSafeEqual(digestOf(expected), digestOf(given));
}

function digestOf(token: string): Buffer {
  return createHash("sha256").update(token).digest();
}
