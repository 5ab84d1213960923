import { openCatalogue } from "../release/catalogue.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";
import { isFree, recoveryLockPath } from "./locks.ts";
import { openReadinesses } from "./readinesses.ts";

/** Looks at rollwatch itself: its daemon, its locks, and the releases it could go back to. */
export const ROLLWATCH: readonly Examination[] = [
  { area: "rollwatch", check: "daemon", look: async (ports) => lookAtDaemon(ports) },
  { area: "rollwatch", check: "recovery lock", look: async (ports) => lookAtLock(ports) },
  { area: "rollwatch", check: "releases", look: lookAtReleases },
];

function lookAtDaemon({ hasDaemon, config }: DoctorPorts): readonly Finding[] {
  return [
    hasDaemon
      ? ok("daemon", `it answers on ${config.state}/rollwatch.sock`)
      : warning(
          "daemon",
          "none is running: nobody watches",
          "Start it: `rollwatch run`, in a pm2 home of its own.",
        ),
  ];
}

/** A running daemon takes it for its recoveries; the question must not be in its way. */
function lookAtLock({ hasDaemon, config }: DoctorPorts): readonly Finding[] {
  if (hasDaemon) {
    return [ok("recovery lock", "the daemon's matter")];
  }
  const path = recoveryLockPath(config);
  return [
    isFree(path)
      ? ok("recovery lock", "free")
      : fault(
          "recovery lock",
          `somebody holds ${path}, or it may not be touched`,
          "Another rollwatch recovers these services: let it end. It must be writable for rollwatch's user.",
        ),
  ];
}

async function lookAtReleases(
  { config, world, history }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const catalogue = openCatalogue(world.files, config.state);
  const readinesses = openReadinesses(world, catalogue, config.application);
  const proven = new Set(
    history.releases.filter((one) => one.provenAt !== undefined).map(({ id }) => id),
  );
  const findings: Finding[] = [];
  for (const item of await catalogue.list()) {
    if (item.kind === "problem") {
      findings.push(
        fault(
          `release ${item.id}`,
          item.reason,
          "It is not used; a healthy release is captured anew after its bake time.",
        ),
      );
    } else {
      const readiness = await readinesses.check(item.release, signal);
      findings.push(tellRelease(item.release.id, proven.has(item.release.id), readiness));
    }
  }
  return proven.size > 0
    ? findings
    : [
        ...findings,
        warning(
          "releases",
          "none is proven yet: there is nothing to go back to",
          "Let rollwatch run while the application is healthy, for its bake time.",
        ),
      ];
}

function tellRelease(
  id: string,
  isProven: boolean,
  readiness: Awaited<ReturnType<ReturnType<typeof openReadinesses>["check"]>>,
): Finding {
  const check = `release ${id}`;
  const told = isProven ? "proven" : "not proven";
  return readiness.kind === "ready"
    ? ok(check, `${told}, ready`)
    : fault(
        check,
        `${told}, not ready: ${readiness.problems.join("; ")}`,
        "See docs/recovery.md for what a release needs.",
      );
}
