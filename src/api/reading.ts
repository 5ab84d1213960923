import { PlanReport, type Actions } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { IncidentReport, Status, type Operations } from "../model/operations.ts";
import { ShadowRecord } from "../model/record.ts";
import { ReleaseDetails, ReleaseDifference } from "../model/release-report.ts";
import { Asides, Incidents, PATHS, Releases, Signals } from "./contract.ts";
import { reads, type Route } from "./route.ts";

/** Every route that only reads; none of them changes anything. */
export function readingRoutes(operations: Operations, actions: Actions): readonly Route[] {
  return [
    ...releaseRoutes(operations),
    reads(PATHS.status, "Everything about the running daemon", Status, async ({ signal }) =>
      operations.status(signal),
    ),
    reads(PATHS.signals, "Every signal with its value and limit", Signals, async ({ signal }) => ({
      signals: (await operations.status(signal)).signals,
    })),
    reads(
      PATHS.record,
      "How often rollwatch was right, by trigger",
      ShadowRecord,
      async ({ signal }) => operations.record(signal),
    ),
    reads(PATHS.incidents, "Incidents, newest first", Incidents, async ({ signal }) => ({
      incidents: await operations.incidents(signal),
    })),
    reads(PATHS.incident, "One incident", IncidentReport, async ({ id, signal }) => {
      const incident = await operations.incident(id, signal);
      if (incident === undefined) {
        throw new Failure("incident-unknown", "there is no incident of this id", {
          hint: "see GET /api/v1/incidents",
        });
      }
      return incident;
    }),
    reads(PATHS.plan, "A plan that waits, runs or ended", PlanReport, async ({ id }) =>
      actions.plan(id),
    ),
  ];
}

/** What one can go back to, and what was replaced. */
function releaseRoutes(operations: Operations): readonly Route[] {
  return [
    reads(PATHS.releases, "Captured releases, newest first", Releases, async ({ signal }) => ({
      releases: await operations.releases(signal),
    })),
    reads(PATHS.release, "One captured release in full", ReleaseDetails, async ({ id, signal }) =>
      operations.showRelease(id, signal),
    ),
    reads(
      PATHS.diff,
      "What differs from one captured release to another",
      ReleaseDifference,
      async ({ id, other, signal }) => operations.diffReleases(id, other, signal),
    ),
    reads(
      PATHS.asides,
      "Databases that swaps have replaced, newest first",
      Asides,
      async ({ signal }) => ({
        asides: await operations.asides(signal),
      }),
    ),
  ];
}
