import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
} from "./doctor-examination.ts";

/** Looks at PgBouncer's console: a swap asks it to hold clients back. */
export const POOL: readonly Examination[] = [
  { area: "database", check: "pgbouncer", look: lookAtPool },
];

async function lookAtPool(
  { world: { pool } }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  if (pool === undefined) {
    return [];
  }
  const known = await pool.look(signal);
  const unknown = pool.databases.filter((name) => !known.some((one) => one.name === name));
  const paused = known.filter(({ isPaused }) => isPaused).map(({ name }) => name);
  const isAdmin = await pool.isAdmin(signal);
  const faults = [
    ...(isAdmin
      ? []
      : [
          fault(
            "pgbouncer",
            "the role of database.pgbouncer.url may not pause it",
            "Add it to admin_users in pgbouncer.ini, and RELOAD.",
          ),
        ]),
    ...(unknown.length === 0
      ? []
      : [
          fault(
            "pgbouncer",
            `it knows no database ${unknown.join(", ")}`,
            "Name in database.pgbouncer.databases those that clients connect to: others are not held back.",
          ),
        ]),
    ...(paused.length === 0
      ? []
      : [
          fault(
            "pgbouncer",
            `${paused.join(", ")} is paused: every client waits`,
            `Unless a rollback is on its way, in its console: ${paused.map((name) => `RESUME ${name};`).join(" ")}`,
          ),
        ]),
  ];
  return faults.length === 0
    ? [ok("pgbouncer", `${known.map(({ name }) => name).join(", ")} can be paused`)]
    : faults;
}
