import { z } from "zod";
import type { Delivery } from "../model/notice.ts";
import { PositiveDuration } from "../model/units.ts";
import type { Clock } from "../system/clock.ts";
import { post } from "./post.ts";

/** A label's name. */
export const Label = z
  .string()
  .regex(/^[A-Za-z_]\w*$/u, "expected a label's name such as team: letters, digits and _");

/** What Alertmanager keeps to itself while something is rolled back. */
export const SilenceSettings = z.strictObject({
  /** Labels, with their exact values, of the alerts that are silenced; rollwatch's own never are. */
  match: z
    .record(Label, z.string().min(1))
    .refine((match) => Object.keys(match).length > 0, "expected at least one label"),
  /** It is over at the latest so long after the rollback began. Default 30m. */
  atMost: PositiveDuration.prefault("30m"),
});

/** Where it is, and how it is asked. */
export interface AlertmanagerAddress {
  readonly url: string;
  readonly token?: string;
  readonly timeoutMs: number;
  readonly clock: Clock;
}

/** The label by which rollwatch's own alerts are told apart, and its silences found again. */
export const INCIDENT_LABEL = "rollwatch_incident";

/** A silence has one more matcher for finding it by, so that it needs no memory: an Alertmanager that was asked twice has one. */
interface Silencing extends z.infer<typeof SilenceSettings> {
  /** The incident's. */
  readonly key: string;
  /** When the rollback began. */
  readonly since: number;
}

const Silences = z.array(z.object({ id: z.string(), status: z.object({ state: z.string() }) }));
const Silenced = z.object({ silenceID: z.string() });

/** More of one incident than there ever are. */
const MOST_SILENCES = 10;

/** One request, below `/api/v2`. */
interface Asking {
  readonly method?: "GET" | "DELETE";
  readonly path: string;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** What an answer with a body says; Alertmanager gives most without one. */
  readonly readAnswer?: (answer: string) => Delivery | undefined;
}

/** Asks it, and says what became of it. */
export async function askAlertmanager(
  { url, token, timeoutMs, clock }: AlertmanagerAddress,
  { method, path, body, readAnswer = readNothing }: Asking,
  signal: AbortSignal,
): Promise<Delivery> {
  const posting = {
    url: `${url.replace(/\/+$/u, "")}/api/v2/${path}`,
    headers: {
      "content-type": "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: body === undefined ? "" : JSON.stringify(body),
    secrets: token === undefined ? [] : [token],
  };
  const how = method === undefined ? {} : { method };
  return post({ ...posting, ...how, timeoutMs, readAnswer }, clock, signal);
}

/** Silences what matches, unless it is silenced for this incident already or it is too late for it. */
export async function silence(
  at: AlertmanagerAddress,
  { key, since, match, atMost }: Silencing,
  signal: AbortSignal,
): Promise<Delivery> {
  const now = at.clock.now();
  const endsAt = since + atMost;
  const found = await findSilence(at, key, signal);
  if (found.kind !== "delivered" || found.receipt !== undefined || endsAt <= now) {
    return found;
  }
  const body = {
    matchers: [
      ...Object.entries(match).map(([name, value]) => ({ name, value, ...EQUALS })),
      { name: "alertname", value: "Rollwatch.*", isRegex: true, isEqual: false },
      { name: INCIDENT_LABEL, value: key, isRegex: false, isEqual: false },
    ],
    startsAt: new Date(now).toISOString(),
    endsAt: new Date(endsAt).toISOString(),
    createdBy: "rollwatch",
    comment: `rollwatch is at it (incident ${key})`,
  };
  return askAlertmanager(at, { path: "silences", body, readAnswer: readSilenced }, signal);
}

const EQUALS = { isRegex: false, isEqual: true };

/** Ends what was silenced for this incident, if anything is. */
export async function expireSilence(
  at: AlertmanagerAddress,
  key: string,
  signal: AbortSignal,
): Promise<Delivery> {
  for (let count = 0; count < MOST_SILENCES; count += 1) {
    const found = await findSilence(at, key, signal);
    if (found.kind !== "delivered" || found.receipt === undefined) {
      return found;
    }
    const path = `silence/${encodeURIComponent(found.receipt)}`;
    const ended = await askAlertmanager(at, { method: "DELETE", path }, signal);
    if (ended.kind !== "delivered") {
      return ended;
    }
  }
  const detail = `it silences again what was ended ${MOST_SILENCES} times`;
  return { kind: "retry-later", reason: "unknown", detail };
}

/** The receipt is the id of one that is not over. */
async function findSilence(
  at: AlertmanagerAddress,
  key: string,
  signal: AbortSignal,
): Promise<Delivery> {
  // Since Alertmanager 0.22 a filter finds the silences that have this very matcher, with its operator.
  const filter = encodeURIComponent(`${INCIDENT_LABEL}!=${JSON.stringify(key)}`);
  const asking = { method: "GET", path: `silences?filter=${filter}` } as const;
  return askAlertmanager(at, { ...asking, readAnswer: readSilences }, signal);
}

function readNothing(answer: string): Delivery | undefined {
  return answer.trim() === "" ? { kind: "delivered" } : undefined;
}

function readSilences(answer: string): Delivery | undefined {
  const silences = parsed(answer, Silences);
  const standing = silences?.find(({ status }) => status.state !== "expired");
  return silences && { kind: "delivered", ...(standing && { receipt: standing.id }) };
}

function readSilenced(answer: string): Delivery | undefined {
  return parsed(answer, Silenced) && { kind: "delivered" };
}

function parsed<T>(answer: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(answer)).data;
  } catch {
    return undefined;
  }
}
