import { z } from "zod";
import { AsideReport } from "../model/aside-database.ts";
import { IncidentReport, ReleaseReport, SignalReport } from "../model/operations.ts";

/** Paths of the HTTP interface, as fastify and rollwatch's own client spell them. */
export const PATHS = {
  health: "/healthz",
  ready: "/readyz",
  metrics: "/metrics",
  openapi: "/api/v1/openapi.json",
  status: "/api/v1/status",
  signals: "/api/v1/signals",
  check: "/api/v1/check",
  releases: "/api/v1/releases",
  release: "/api/v1/releases/:id",
  diff: "/api/v1/releases/:id/diff/:other",
  verify: "/api/v1/releases/verify",
  prune: "/api/v1/releases/prune",
  warm: "/api/v1/releases/:id/warm",
  mark: "/api/v1/releases/:id/mark",
  unmark: "/api/v1/releases/:id/unmark",
  record: "/api/v1/record",
  incidents: "/api/v1/incidents",
  incident: "/api/v1/incidents/:id",
  acknowledge: "/api/v1/incidents/:id/ack",
  note: "/api/v1/incidents/:id/note",
  done: "/api/v1/incidents/:id/done",
  label: "/api/v1/incidents/:id/label",
  close: "/api/v1/incidents/:id/close",
  plan: "/api/v1/plans/:id",
  approve: "/api/v1/plans/:id/approve",
  reject: "/api/v1/plans/:id/reject",
  reports: "/api/v1/reports",
  pause: "/api/v1/pause",
  resume: "/api/v1/resume",
  maintenance: "/api/v1/maintenance",
  maintenanceEnd: "/api/v1/maintenance/end",
  rollbacks: "/api/v1/rollbacks",
  preview: "/api/v1/rollbacks/preview",
  asides: "/api/v1/database/asides",
  dropAside: "/api/v1/database/asides/:id/drop",
  heartbeat: "/api/v1/heartbeats/:signal",
  alertmanager: "/api/v1/webhooks/alertmanager",
  generic: "/api/v1/webhooks/generic",
} as const;

/** The page behind the links of notices; for people, no part of the interface for programs. */
export const DECIDE_PAGE = "/decide";

/** Where Slack tells which button was pressed. */
export const SLACK_BUTTONS = "/slack/interactions";

/** The socket's name in the state folder. */
export const SOCKET_NAME = "rollwatch.sock";

/** The header in which the operator of this host says who it is (percent-encoded UTF-8); only on the socket. */
export const BY_HEADER = "x-rollwatch-by";

/** An error as RFC 9457 describes it. `code` and `hint` are rollwatch's own: stable name, and what to do. */
export const ProblemDetails = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number(),
  detail: z.string().optional(),
  code: z.string().optional(),
  hint: z.string().optional(),
  reasons: z.array(z.string()).optional(),
});
export type ProblemDetails = z.infer<typeof ProblemDetails>;

/** A request that says everything by its path. */
export const Nothing = z.strictObject({});
/** Which captures to compare with their hashes; all of them when `release` is absent. */
export const VerifyRequest = z.strictObject({ release: z.string().optional() });

/** Every captured release, newest first. */
export const Releases = z.object({ releases: z.array(ReleaseReport) });
/** Every incident, newest first. */
export const Incidents = z.object({ incidents: z.array(IncidentReport) });
/** Every signal. */
export const Signals = z.object({ signals: z.array(SignalReport) });
/** Every kept database, newest first. */
export const Asides = z.object({ asides: z.array(AsideReport) });
/** The incident that a report opened or was added to. */
export const Reported = z.object({ incident: z.string() });
/** The plan that was begun, and its incident. */
export const Begun = z.object({ plan: z.string(), incident: z.string() });
/** The release that was captured. */
export const Captured = z.object({ release: z.string() });
/** The releases whose captures were deleted. */
export const Pruned = z.object({ pruned: z.array(z.string()) });
