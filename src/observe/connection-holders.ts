import type { ConnectionHolder, DatabaseAnswer } from "../system/postgres-check.ts";

/** Who holds most of the connections that a server has. */
export interface Holding {
  /** Whoever held at least half of all that there are; `unknown` when nobody did, or nobody knows whose they were. */
  readonly by: "application" | "others" | "unknown";
  readonly detail: string;
}

type Look = Pick<Extract<DatabaseAnswer, { kind: "answers" }>, "holders" | "maxConnections">;

const TOLD = 3;

/**
 * Whose the connections are. Sessions that are named after one of the services are the application's, and so are unnamed ones
 * of the roles that those have. Sessions of other roles are others', once a role of the application is known. All the rest
 * could be either's.
 */
export function holdingOf({ holders, maxConnections }: Look, services: readonly string[]): Holding {
  function isNamed({ program }: ConnectionHolder): boolean {
    return services.some((name) => program === name || program.startsWith(`${name} `));
  }
  const roles = new Set(holders.filter(isNamed).map(({ role }) => role));
  const own = holders.filter(
    (one) => isNamed(one) || (roles.has(one.role) && one.program.trim() === ""),
  );
  const others = holders.filter(({ role }) => roles.size > 0 && !roles.has(role));
  const half = maxConnections / 2;
  const by =
    sum(own) >= half ? "application" : sum(others) >= half ? "others" : ("unknown" as const);
  return { by, detail: tell(holders, maxConnections) };
}

function sum(holders: readonly ConnectionHolder[]): number {
  return holders.reduce((total, one) => total + one.sessions, 0);
}

function tell(holders: readonly ConnectionHolder[], max: number): string {
  const most = holders
    .slice(0, TOLD)
    .map(({ role, program, sessions }) => `${sessions} by ${program || "unnamed"} as ${role}`);
  return `when it last answered ${sum(holders)} of ${max} were taken, ${most.join(", ") || "by nobody"}`;
}
