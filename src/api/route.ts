import type { z } from "zod";
import type { Access, Person } from "../model/people.ts";
import { BadBody } from "./problems.ts";

/** What every route gets of a request. */
interface Asked {
  /** The `:id` of the path; empty where it has none. */
  readonly id: string;
  /** The `:other` of the path; empty where it has none. */
  readonly other: string;
  /** Aborts when the client has its answer or went away. */
  readonly signal: AbortSignal;
}

/** A request that acts, proven and parsed. */
interface Order<Body> extends Asked {
  readonly body: Body;
  readonly by: Person;
}

/** One route, for fastify and for the OpenAPI document. */
export interface Route {
  readonly method: "GET" | "POST" | "DELETE";
  readonly path: string;
  readonly summary: string;
  /** What the token must allow. */
  readonly access: Access;
  /** null when nothing is read from the body. */
  readonly body: z.ZodType | null;
  /** Longest body that is read, in bytes. Default 64 KiB. */
  readonly maxBodyBytes?: number;
  /** null when it answers 204. */
  readonly answer: z.ZodType | null;
  run(asked: Asked & { readonly body: unknown; readonly by: Person | undefined }): Promise<unknown>;
}

/** A route that reads. */
export function reads(
  path: string,
  summary: string,
  answer: z.ZodType,
  run: (asked: Asked) => Promise<unknown>,
): Route {
  return { method: "GET", path, summary, access: "read", body: null, answer, run };
}

/** A route that acts, or asks for work. */
export function acts<Body>(route: {
  readonly method?: "POST" | "DELETE";
  readonly path: string;
  readonly summary: string;
  readonly access: Access;
  readonly body: z.ZodType<Body>;
  readonly maxBodyBytes?: number;
  readonly answer?: z.ZodType;
  run(order: Order<Body>): Promise<unknown>;
}): Route {
  const { method = "POST", answer = null } = route;
  return {
    ...route,
    method,
    answer,
    body: method === "DELETE" ? null : route.body,
    run: async (asked) => {
      if (asked.by === undefined) {
        throw new Error(`${route.path} was reached by nobody`);
      }
      const body = parseBody(route.body, asked.body);
      return route.run({ ...asked, body, by: asked.by });
    },
  };
}

/** Every problem of a body at once, each with its place. */
function parseBody<Body>(schema: z.ZodType<Body>, body: unknown): Body {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) {
    return parsed.data;
  }
  throw new BadBody(
    parsed.error.issues.map(({ path, message }) =>
      path.length === 0 ? message : `${path.map(String).join(".")}: ${message}`,
    ),
  );
}
