import { z } from "zod";
import { startHttpService, type ServiceAnswer } from "./http-service.ts";

const ROUTING_KEY = "geheim0123456789geheim0123456789";

const Payload = z.object({
  summary: z.string().min(1).max(1024),
  source: z.string().min(1),
  timestamp: z.iso.datetime(),
  custom_details: z.record(z.string(), z.unknown()),
});

const Alert = z.object({
  ...Payload.shape,
  severity: z.enum(["critical", "error", "warning", "info"]),
});

const RoutingKey = z.literal(ROUTING_KEY);
const DedupKey = z.string().min(1).max(255);

const Event = z.discriminatedUnion("event_action", [
  z.object({
    event_action: z.literal("trigger"),
    routing_key: RoutingKey,
    dedup_key: DedupKey,
    payload: Alert,
  }),
  z.object({
    event_action: z.enum(["acknowledge", "resolve"]),
    routing_key: RoutingKey,
    dedup_key: DedupKey,
  }),
]);

const Change = z.object({ routing_key: RoutingKey, payload: Payload });

/** Bytes that a whole event may have. */
const MAX_BYTES = 512_000;

/** An alert: who looks at PagerDuty sees its newest summary, how it stands, and everything that was said. */
export interface PagerdutyAlert {
  readonly status: "triggered" | "acknowledged" | "resolved";
  readonly log: readonly z.infer<typeof Payload>[];
}

/** PagerDuty's Events API v2 with one integration. */
export interface PagerdutyService {
  readonly url: string;
  readonly routingKey: string;
  readonly alerts: ReadonlyMap<string, PagerdutyAlert>;
  /** Change events, which page nobody. */
  readonly changes: readonly z.infer<typeof Payload>[];
  /** Has the next change event answered with this status. */
  failNextChange(status: number): void;
}

/** Takes events until the test has ended. */
export async function startPagerduty(): Promise<PagerdutyService> {
  const alerts = new Map<string, PagerdutyAlert>();
  const changes: z.infer<typeof Payload>[] = [];
  const failing: number[] = [];
  const { url } = await startHttpService(({ path, body }): ServiceAnswer => {
    if (Buffer.byteLength(body) > MAX_BYTES) {
      return { status: 413, body: "" };
    }
    const content: unknown = JSON.parse(body);
    if (path === "/v2/change/enqueue") {
      const failure = failing.pop();
      if (failure !== undefined) {
        return { status: failure };
      }
      const change = Change.safeParse(content);
      return change.success ? accepted(changes.push(change.data.payload)) : invalid(change.error);
    }
    const event = Event.safeParse(path === "/v2/enqueue" ? content : undefined);
    if (!event.success) {
      return invalid(event.error);
    }
    note(alerts, event.data);
    return accepted(event.data.dedup_key);
  });
  return {
    url,
    routingKey: ROUTING_KEY,
    alerts,
    changes,
    failNextChange: (status) => void failing.push(status),
  };
}

/** An ended alert is not opened again by an acknowledgement, and one that never was is not ended. */
function note(alerts: Map<string, PagerdutyAlert>, event: z.infer<typeof Event>): void {
  const key = event.dedup_key;
  const before = alerts.get(key);
  if (event.event_action === "trigger") {
    const isOpen = before !== undefined && before.status !== "resolved";
    const log = [...(isOpen ? before.log : []), event.payload];
    alerts.set(key, { status: isOpen ? before.status : "triggered", log });
  } else if (before !== undefined && before.status !== "resolved") {
    const status = event.event_action === "resolve" ? "resolved" : "acknowledged";
    alerts.set(key, { ...before, status });
  }
}

function accepted(key: unknown): ServiceAnswer {
  const body = JSON.stringify({ status: "success", message: "Event processed", dedup_key: key });
  return { status: 202, body };
}

function invalid(error: z.ZodError): ServiceAnswer {
  const errors = error.issues.map((issue) => issue.message);
  return { status: 400, body: JSON.stringify({ status: "invalid event", errors }) };
}
