import { z } from "zod";
import { startHttpService, type ServiceAnswer } from "./http-service.ts";

const API_KEY = "geheim01-2345-6789-abcd-ef0123456789";

const Opening = z.strictObject({
  message: z.string().min(1).max(130),
  alias: z.string().min(1).max(512),
  description: z.string().max(15_000),
  priority: z.enum(["P1", "P2", "P3", "P4", "P5"]),
  source: z.string().max(100),
  tags: z.array(z.string().max(50)).max(20),
  details: z
    .record(z.string(), z.string())
    .refine((details) => JSON.stringify(details).length <= 8000),
});

const Change = z.strictObject({
  source: z.string().max(100),
  note: z.string().max(25_000).optional(),
});

const PATH =
  /^\/v2\/alerts(?:\/(?<alias>[^/?]+)\/(?<change>acknowledge|close|notes)\?identifierType=alias)?$/u;

/** An alert: what opened it, how it stands, how often it was asked for, and what was noted on it. */
export interface OpsgenieAlert {
  readonly status: "open" | "acknowledged" | "closed";
  readonly opening: z.infer<typeof Opening>;
  readonly count: number;
  readonly notes: readonly string[];
}

/** Opsgenie's Alert API v2 with one integration. */
export interface OpsgenieService {
  readonly url: string;
  /** In the order in which they were made; a closed one is not opened again. */
  readonly alerts: readonly OpsgenieAlert[];
  /** Has the next request answered with this status. */
  failNext(status: number): void;
}

/** Takes alerts until the test has ended. */
export async function startOpsgenie(): Promise<OpsgenieService> {
  const alerts: OpsgenieAlert[] = [];
  const failing: number[] = [];
  const { url } = await startHttpService(({ method, path, headers, body }): ServiceAnswer => {
    const failure = failing.pop();
    if (failure !== undefined) {
      return { status: failure };
    }
    const groups = PATH.exec(path)?.groups;
    if (method !== "POST" || groups === undefined) {
      return refused(404, "no handler found");
    }
    if (headers.authorization !== `GenieKey ${API_KEY}`) {
      return refused(422, "Key format is not valid!");
    }
    return take(alerts, groups, JSON.parse(body));
  });
  return { url, alerts, failNext: (status) => void failing.push(status) };
}

function take(
  alerts: OpsgenieAlert[],
  { alias, change = "" }: Readonly<Record<string, string | undefined>>,
  content: unknown,
): ServiceAnswer {
  if (alias === undefined) {
    const opening = Opening.safeParse(content);
    return opening.success ? accepted(() => open(alerts, opening.data)) : invalid(opening.error);
  }
  const asked = Change.safeParse(content);
  return asked.success
    ? accepted(() => changeTo(alerts, decodeURIComponent(alias), { change, ...asked.data }))
    : invalid(asked.error);
}

/** There is one open alert of an alias; another request counts it up and changes nothing else. */
function open(alerts: OpsgenieAlert[], opening: OpsgenieAlert["opening"]): void {
  const at = placeOf(alerts, opening.alias);
  const before = alerts[at];
  if (before === undefined) {
    alerts.push({ status: "open", opening, count: 1, notes: [] });
  } else {
    alerts[at] = { ...before, count: before.count + 1 };
  }
}

/** A change of what is not there is taken, and comes to nothing. */
function changeTo(
  alerts: OpsgenieAlert[],
  alias: string,
  { change, note }: { readonly change: string; readonly note?: string | undefined },
): void {
  const at = placeOf(alerts, alias);
  const before = alerts[at];
  if (before !== undefined) {
    const notes = note === undefined ? before.notes : [...before.notes, note];
    const status =
      change === "close" ? "closed" : change === "acknowledge" ? "acknowledged" : before.status;
    alerts[at] = { ...before, status, notes };
  }
}

function placeOf(alerts: readonly OpsgenieAlert[], alias: string): number {
  return alerts.findIndex(({ status, opening }) => status !== "closed" && opening.alias === alias);
}

function accepted(act: () => void): ServiceAnswer {
  act();
  const body = { result: "Request will be processed", took: 0.1, requestId: "43a29c5c-3dbf-4fa4" };
  return { status: 202, body: JSON.stringify(body) };
}

function invalid(error: z.ZodError): ServiceAnswer {
  return refused(422, error.issues.map((issue) => issue.message).join("; "));
}

function refused(status: number, message: string): ServiceAnswer {
  return { status, body: JSON.stringify({ message, took: 0.0, requestId: "rejected-1" }) };
}
