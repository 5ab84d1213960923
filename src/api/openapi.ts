import { z } from "zod";
import * as actions from "../model/actions.ts";
import * as asides from "../model/aside-database.ts";
import * as incoming from "../model/incoming.ts";
import * as operations from "../model/operations.ts";
import * as preview from "../model/preview.ts";
import { ShadowRecord } from "../model/record.ts";
import { ReleaseDetails, ReleaseDifference } from "../model/release-report.ts";
import { WarmReport } from "../model/warm-database.ts";
import * as contract from "./contract.ts";
import type { Route } from "./route.ts";

/** Routes that answer in words of their own. */
const PLAIN = [
  [contract.PATHS.health, "The process lives"],
  [contract.PATHS.ready, "It watches; 503 with reasons while it does not"],
  [contract.PATHS.metrics, "For Prometheus"],
] as const;

/** The document's own route. */
const DOCUMENT = {
  get: {
    summary: "This document",
    description: "Needs access: read.",
    security: [{ token: [] }],
    responses: { 200: { description: "OK" }, 401: { description: "a token is needed" } },
  },
} as const;

/** The one route of services. */
const HEARTBEAT = {
  post: {
    summary: "A service says that it is at work; the body is not read",
    parameters: [{ name: "signal", in: "path", required: true, schema: { type: "string" } }],
    responses: {
      204: { description: "Heard" },
      401: { description: "the token of the signal's probe is needed" },
      404: { description: "no signal of this name has a probe of the kind heartbeat" },
      429: { description: "heard, but more often than 60 times a minute" },
    },
  },
} as const;

/** Answers that every route but the plain ones may give instead. */
const REFUSALS = {
  400: "the body is not what is read here; `reasons` lists every problem",
  401: "a token is needed, or this one is nobody's",
  403: "the person may not do this",
  404: "there is nothing of this id",
  409: "refused by a guard or by the state of things",
  429: "too many wrong tokens; see Retry-After",
} as const;

/** Those of them that a route which reads may give, whatever its path. */
const READING: ReadonlySet<string> = new Set(["401", "403", "429"]);

/** The OpenAPI 3.1 document of these routes, its schemas made from the ones that parse. */
export function describeApi(routes: readonly Route[], version: string): unknown {
  const names = nameSchemas();
  const { schemas } = z.toJSONSchema(names, { io: "input", uri: refTo });
  const paths: Record<string, Record<string, unknown>> = {};
  for (const [path, summary] of PLAIN) {
    paths[path] = { get: { summary, responses: { 200: { description: "OK" } } } };
  }
  paths[contract.PATHS.openapi] = DOCUMENT;
  paths[contract.PATHS.heartbeat.replace(":signal", "{signal}")] = HEARTBEAT;
  for (const route of routes) {
    const path = route.path.replaceAll(/:(\w+)/gu, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, names) };
  }
  return {
    openapi: "3.1.0",
    info: { title: "rollwatch", version },
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(schemas).map(([name, { $id: _id, $schema: _schema, ...rest }]) => [
          name,
          rest,
        ]),
      ),
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
    },
  };
}

type Names = z.core.$ZodRegistry<{ id: string }>;

/** Gives every schema of the contract its exported name. */
function nameSchemas(): Names {
  const names: Names = z.registry();
  const exported = {
    ShadowRecord,
    ...actions,
    ...operations,
    ...preview,
    ...asides,
    ...incoming,
    ...contract,
    ReleaseDetails,
    ReleaseDifference,
    WarmReport,
  };
  for (const [id, value] of Object.entries(exported)) {
    if (value instanceof z.ZodType) {
      names.add(value, { id });
    }
  }
  return names;
}

function describeRoute(route: Route, names: Names): unknown {
  const { summary, access, body, answer } = route;
  const parameters = [...route.path.matchAll(/:(\w+)/gu)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string" },
  }));
  const refusals = Object.entries(REFUSALS).filter(
    ([status]) =>
      access !== "read" || READING.has(status) || (status === "404" && parameters.length > 0),
  );
  return {
    summary,
    description: `Needs access: ${access}.`,
    security: [{ token: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === null
      ? {}
      : { requestBody: { required: !body.safeParse({}).success, content: jsonOf(body, names) } }),
    responses: {
      ...(answer === null
        ? { 204: { description: "Done" } }
        : { 200: { description: "OK", content: jsonOf(answer, names) } }),
      ...Object.fromEntries(
        refusals.map(([status, description]) => [
          status,
          { description, content: { "application/problem+json": problemSchema() } },
        ]),
      ),
    },
  };
}

function problemSchema(): unknown {
  return { schema: { $ref: refTo("ProblemDetails") } };
}

function jsonOf(schema: z.ZodType, names: Names): unknown {
  return { "application/json": { schema: { $ref: refTo(names.get(schema)?.id ?? "unknown") } } };
}

function refTo(id: string): string {
  return `#/components/schemas/${id}`;
}
