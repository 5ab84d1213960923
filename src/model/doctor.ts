import { z } from "zod";

/** What a look of the doctor is about, in the order of the report. */
export const DOCTOR_AREAS = [
  "configuration",
  "host",
  "pm2",
  "release",
  "probes",
  "database",
  "people",
  "rollwatch",
] as const;

/** One thing that a rollback would need. */
export const DoctorLine = z.object({
  area: z.enum(DOCTOR_AREAS),
  check: z.string(),
  /** `warning`: rollwatch works, with less than it could; `fault`: something would go wrong. */
  state: z.enum(["ok", "warning", "fault"]),
  detail: z.string(),
  /** What to do; null where nothing is. */
  cure: z.string().nullable(),
});
export type DoctorLine = z.infer<typeof DoctorLine>;

/** Requests that rollwatch's probes make to one address. */
export const DoctorRequests = z.object({
  /** Such as `http://127.0.0.1:3000`. */
  origin: z.string(),
  perMinute: z.number(),
});
export type DoctorRequests = z.infer<typeof DoctorRequests>;

/** Everything that a rollback would need, looked at once. Holds no secret. */
export const DoctorReport = z.object({
  /** null where the configuration cannot be read. */
  application: z.string().nullable(),
  /** The configuration. */
  file: z.string(),
  /** ms since the epoch. */
  at: z.number(),
  lines: z.array(DoctorLine),
  requests: z.array(DoctorRequests),
  warnings: z.number(),
  faults: z.number(),
});
export type DoctorReport = z.infer<typeof DoctorReport>;
