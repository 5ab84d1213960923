import { z } from "zod";

/**
 * Faults that come from outside, without any change. `freeze-*`: a service's process stands still. `lock-readings`: another session
 * locks the readings, 1.2 s at a time. `revoke-alerts`: the application may no longer read the alerts. `distinct-lists`: long
 * lists are asked for, no two by the same address. `abandoned-exports`: exports are asked for by callers who hang up.
 */
export const FaultKind = z.enum([
  "freeze-api",
  "freeze-websocket",
  "lock-readings",
  "revoke-alerts",
  "distinct-lists",
  "abandoned-exports",
]);
export type FaultKind = z.infer<typeof FaultKind>;
