import { z } from "zod";

/** Paths of the HTTP interface that a client of rollwatch's own needs. */
export const STATUS_PATH = "/api/v1/status";

/** The socket's name in the state folder. */
export const SOCKET_NAME = "rollwatch.sock";

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
