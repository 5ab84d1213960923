import { randomBytes } from "node:crypto";
import { parse } from "yaml";
import { z } from "zod";
import type { Role } from "../src/model/role.ts";
import { ROLES } from "../src/model/role.ts";

/** Somebody of the configuration who may approve in some roles. */
export interface Approver {
  readonly name: string;
  readonly roles: readonly Role[];
  readonly token: string;
  /** The variable from which the configuration takes the token. */
  readonly variable: string;
}

const People = z.object({
  people: z
    .object({
      contacts: z.array(
        z.object({
          name: z.string(),
          roles: z.array(z.enum(ROLES)).default([]),
          token: z.string().optional(),
        }),
      ),
    })
    .optional(),
});

/** The people of a configuration whose tokens come from the environment, each with a new token. */
export function approversOf(configuration: string): readonly Approver[] {
  const contacts = People.parse(parse(configuration)).people?.contacts ?? [];
  return contacts.flatMap(({ name, roles, token }) => {
    const variable = /^\$\{(\w+)\}$/u.exec(token ?? "")?.[1];
    return variable === undefined
      ? []
      : [{ name, roles, token: randomBytes(24).toString("hex"), variable }];
  });
}
