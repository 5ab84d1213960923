import { z } from "zod";
import {
  Asides,
  Begun,
  BY_HEADER,
  Captured,
  Incidents,
  PATHS,
  Pruned,
  Releases,
  Reported,
} from "../api/contract.ts";
import { type Actions, PlanReport, ReleaseCheck, Resumed } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { CheckRound, IncidentReport, type Operations, Status } from "../model/operations.ts";
import { RollbackPreview } from "../model/preview.ts";
import { ShadowRecord } from "../model/record.ts";
import { ReleaseDetails, ReleaseDifference } from "../model/release-report.ts";
import { WarmReport } from "../model/warm-database.ts";
import { askDaemon, isAbsent, type Line, type Question } from "./socket-line.ts";

/** Who asks: a name, which the daemon believes the user of its socket, and a token, which proves a person. */
export interface Who {
  readonly by: string;
  readonly token?: string;
}

const DONE = z.undefined();

/** Whether a daemon listens on the socket of this state folder. One that hangs does, and the failure says so. */
export async function isDaemonThere(state: string, signal: AbortSignal): Promise<boolean> {
  try {
    await askDaemon({ state, headers: {} }, get(PATHS.health), z.object({}), signal);
    return true;
  } catch (error) {
    if (isAbsent(error)) {
      return false;
    }
    throw error;
  }
}

/** The operations of the daemon with this state folder. */
export function remoteOperations(state: string): Operations {
  const line: Line = { state, headers: {} };
  return {
    status: async (signal) => askDaemon(line, get(PATHS.status), Status, signal),
    check: async (signal) =>
      askDaemon(line, post(PATHS.check, undefined, { isLong: true }), CheckRound, signal),
    previewRollback: async (request, signal) =>
      askDaemon(line, post(PATHS.preview, request, { isLong: true }), RollbackPreview, signal),
    releases: async (signal) =>
      (await askDaemon(line, get(PATHS.releases), Releases, signal)).releases,
    showRelease: async (id, signal) =>
      askDaemon(line, get(fill(PATHS.release, id)), ReleaseDetails, signal),
    diffReleases: async (a, b, signal) =>
      askDaemon(line, get(fill(PATHS.diff, a, b)), ReleaseDifference, signal),
    asides: async (signal) => (await askDaemon(line, get(PATHS.asides), Asides, signal)).asides,
    record: async (signal) => askDaemon(line, get(PATHS.record), ShadowRecord, signal),
    incidents: async (signal) =>
      (await askDaemon(line, get(PATHS.incidents), Incidents, signal)).incidents,
    incident: async (id, signal) => {
      try {
        return await askDaemon(line, get(fill(PATHS.incident, id)), IncidentReport, signal);
      } catch (error) {
        if (error instanceof Failure && error.code === "incident-unknown") {
          return undefined;
        }
        throw error;
      }
    },
  };
}

/** The actions of the daemon with this state folder; it goes by `who`, not by the persons given. */
export function remoteActions(state: string, who: Who, signal: AbortSignal): Actions {
  const line: Line = { state, headers: headersOf(who) };
  async function done(path: string, body?: unknown): Promise<void> {
    await askDaemon(line, post(path, body), DONE, signal);
  }
  return {
    pause: async (request) => done(PATHS.pause, request),
    resume: async () => askDaemon(line, post(PATHS.resume), Resumed, signal),
    startMaintenance: async (request) => done(PATHS.maintenance, request),
    endMaintenance: async () => done(PATHS.maintenanceEnd),
    report: async (request) => askDaemon(line, post(PATHS.reports, request), Reported, signal),
    rollback: async (request, _by, until) =>
      askDaemon(line, post(PATHS.rollbacks, request, { isLong: true }), Begun, until),
    plan: async (id) => askDaemon(line, get(fill(PATHS.plan, id)), PlanReport, signal),
    approve: async (id, request) =>
      askDaemon(line, post(fill(PATHS.approve, id), request), PlanReport, signal),
    reject: async (id, request) =>
      askDaemon(line, post(fill(PATHS.reject, id), request), PlanReport, signal),
    acknowledge: async (incident) => done(fill(PATHS.acknowledge, incident)),
    finishTask: async (incident, request) => done(fill(PATHS.done, incident), request),
    note: async (incident, request) => done(fill(PATHS.note, incident), request),
    label: async (incident, request) => done(fill(PATHS.label, incident), request),
    close: async (incident, request) => done(fill(PATHS.close, incident), request),
    capture: async (_by, until) =>
      askDaemon(line, post(PATHS.releases, undefined, { isLong: true }), Captured, until),
    verifyReleases: async (request, until) =>
      askDaemon(line, post(PATHS.verify, request, { isLong: true }), ReleaseCheck, until),
    warmRelease: async (release, _by, until) =>
      askDaemon(
        line,
        post(fill(PATHS.warm, release), undefined, { isLong: true }),
        WarmReport,
        until,
      ),
    markRelease: async (release, request) => done(fill(PATHS.mark, release), request),
    unmarkRelease: async (release) => done(fill(PATHS.unmark, release)),
    dropAside: async (oid, request, _by, until) => {
      const path = fill(PATHS.dropAside, oid);
      await askDaemon(line, post(path, request, { isLong: true }), DONE, until);
    },
    prune: async (request) =>
      askDaemon(line, post(PATHS.prune, request, { isLong: true }), Pruned, signal),
  };
}

function headersOf({ by, token }: Who): Readonly<Record<string, string>> {
  const name = { [BY_HEADER]: encodeURIComponent(by) };
  return token === undefined ? name : { ...name, authorization: `Bearer ${token}` };
}

function get(path: string): Question {
  return { method: "GET", path };
}

function post(path: string, body?: unknown, more: Pick<Question, "isLong"> = {}): Question {
  return { method: "POST", path, body, ...more };
}

/** A path with its `:names` filled in, in order. */
function fill(path: string, ...values: readonly string[]): string {
  const left = [...values];
  return path.replaceAll(/:\w+/gu, () => encodeURIComponent(left.shift() ?? ""));
}
