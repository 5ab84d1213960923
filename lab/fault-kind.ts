import { z } from "zod";

/**
 * Faults that come from outside, without any change. `freeze-*`: a service's process stands still. `lock-readings`: another session
 * locks the readings, 1.2 s at a time. `revoke-alerts`: the application may no longer list the alerts, and raises them as
 * before. `distinct-lists`: long lists are asked for, no two by the same address. `abandoned-exports`: exports are asked for by
 * callers who hang up.
 * `stop-database`: PostgreSQL is stopped, and started again at the end. `stop-upstream`: the service that the application depends
 * on and its pm2 does not know is killed, likewise. `damage-readings`: somebody changes rows of the database by hand. `fill-host`: other
 * programs take the machine's memory; it is only shown to rollwatch, in a copy of /proc.
 */
export const FaultKind = z.enum([
  "freeze-api",
  "freeze-websocket",
  "lock-readings",
  "revoke-alerts",
  "distinct-lists",
  "abandoned-exports",
  "freeze-csv-polling",
  "stop-database",
  "stop-upstream",
  "damage-readings",
  "fill-host",
]);
export type FaultKind = z.infer<typeof FaultKind>;
