import { z } from "zod";
import type { ComponentState, PublicIncident, PublicUpdate } from "../../model/public-page.ts";
import type { Delivery } from "../../model/notice.ts";
import { PositiveDuration } from "../../model/units.ts";
import type { Clock } from "../../system/clock.ts";
import { post, type Posting } from "../post.ts";

/** What the pages of all services are configured with. */
export const PublisherKeys = z.strictObject({
  /** The service's own ids of the parts, by their names in `statusPage.components`; others are not told of there. Default none. */
  components: z.record(z.string(), z.string().min(1)).default({}),
  /** Whether the service tells its subscribers of each update. Default false. */
  notify: z.boolean().default(false),
  /** Longest time for one request. Default 10s. */
  timeout: PositiveDuration.prefault("10s"),
});

/** A part at the service, and how it is. */
export interface RemoteComponent {
  readonly id: string;
  readonly state: ComponentState;
}

/** An incident as it is to stand at the service. */
export interface Publication {
  /** What the service calls it: its name, and in brackets the reference by which it is found again, whatever rollwatch remembers. */
  readonly name: string;
  readonly reference: string;
  readonly incident: PublicIncident;
  /** The newest of its updates. */
  readonly update: PublicUpdate;
  readonly components: readonly RemoteComponent[];
}

/** An incident as it stands at the service. */
export interface Published {
  readonly id: string;
  readonly name: string;
  /** The service's own word. */
  readonly phase: string;
  readonly updates: readonly { readonly phase: string; readonly text: string }[];
}

/** What became of a question to a service: its answer, or why there is none. */
export type Answered<T> = { readonly kind: "answered"; readonly value: T } | Failed;
export type Failed = Exclude<Delivery, { readonly kind: "delivered" }>;

/** The page of a service elsewhere. */
export interface Publisher {
  /** The service's word for the phase of an update. */
  phaseOf(update: PublicUpdate): string;
  /** The newest incidents there that may be this one. */
  list(publication: Publication, signal: AbortSignal): Promise<Answered<readonly Published[]>>;
  create(publication: Publication, signal: AbortSignal): Promise<Delivery>;
  /** Sets the parts alone; the same again changes nothing. */
  setStates(publication: Publication, signal: AbortSignal): Promise<Delivery>;
  /** Adds the newest update, with the parts as they are, to the incident with this id. */
  update(id: string, publication: Publication, signal: AbortSignal): Promise<Delivery>;
}

/** One request to a service, with its answer parsed; an answer that is not the service's own is no answer. */
export interface Request<T> {
  readonly method: NonNullable<Posting["method"]>;
  readonly path: string;
  readonly body?: unknown;
  readonly answer: z.ZodType<T>;
}

/** How a service is reached. */
export interface Reach {
  readonly url: string;
  readonly authorization: string;
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
  /** The least time from one request to the next, in milliseconds. Default 0. */
  readonly paceMs?: number;
}

/** Asks one service, never faster than it allows. */
export interface Requester {
  ask<T>(request: Request<T>, signal: AbortSignal): Promise<Answered<T>>;
}

/** Opens the way to a service. */
export function openRequester(reach: Reach, clock: Clock): Requester {
  const { url, authorization, secrets, timeoutMs, paceMs = 0 } = reach;
  let nextAt = Number.NEGATIVE_INFINITY;
  return {
    ask: async (request, signal) => {
      const waitMs = nextAt - clock.monotonic();
      if (waitMs > 0) {
        await clock.sleep(waitMs, signal);
      }
      const { method, path, body, answer } = request;
      let value: z.infer<typeof answer> | undefined;
      const delivery = await post(
        {
          method,
          url: `${url.replace(/\/$/u, "")}${path}`,
          headers: {
            authorization,
            "content-type": "application/json",
            accept: "application/json",
          },
          body: JSON.stringify(body ?? {}),
          timeoutMs,
          secrets,
          readAnswer: (text) => {
            value = parsed(answer, text);
            return value === undefined ? undefined : { kind: "delivered" };
          },
        },
        clock,
        signal,
      );
      nextAt = clock.monotonic() + paceMs;
      return delivery.kind === "delivered" ? answered(value) : delivery;
    },
  };
}

function answered<T>(value: T | undefined): Answered<T> {
  return value === undefined
    ? { kind: "retry-later", reason: "unknown", detail: "the service answered nothing" }
    : { kind: "answered", value };
}

function parsed<T>(answer: z.ZodType<T>, text: string): T | undefined {
  try {
    return answer.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Makes one request for each part, until one is not taken. */
export async function forEachPart(
  { components }: Publication,
  set: (component: RemoteComponent) => Promise<Answered<unknown>>,
): Promise<Delivery> {
  for (const component of components) {
    const answer = await set(component);
    if (answer.kind !== "answered") {
      return answer;
    }
  }
  return { kind: "delivered" };
}

/** What became of a request whose answer says no more than that it was taken. */
export function deliveryOf(answer: Answered<unknown>): Delivery {
  return answer.kind === "answered" ? { kind: "delivered" } : answer;
}
