import {
  ApproveRequest,
  CloseRequest,
  DoneRequest,
  LabelRequest,
  MaintenanceRequest,
  MarkRequest,
  NoteRequest,
  PauseRequest,
  PlanReport,
  RejectRequest,
  PruneRequest,
  ReleaseCheck,
  ReportRequest,
  Resumed,
  RollbackRequest,
  type Actions,
} from "../model/actions.ts";
import { AsideDropRequest } from "../model/aside-database.ts";
import { CheckRound, type Operations } from "../model/operations.ts";
import { PreviewRequest, RollbackPreview } from "../model/preview.ts";
import { WarmReport } from "../model/warm-database.ts";
import { Begun, Captured, Nothing, PATHS, Pruned, Reported, VerifyRequest } from "./contract.ts";
import { acts, type Route } from "./route.ts";

/** Every route that acts or asks for work, each with what a token must allow for it. */
export function actingRoutes(operations: Operations, actions: Actions): readonly Route[] {
  return [
    ...brakeRoutes(actions),
    ...planRoutes(operations, actions),
    ...incidentRoutes(actions),
    ...releaseRoutes(actions),
    ...markRoutes(actions),
    acts({
      path: PATHS.dropAside,
      summary: "End a database that a swap has replaced: it is dropped",
      access: "administer",
      body: AsideDropRequest,
      run: async ({ id, body, by, signal }) => actions.dropAside(id, body, by, signal),
    }),
    acts({
      path: PATHS.check,
      summary: "One round of every probe",
      access: "administer",
      body: Nothing,
      answer: CheckRound,
      run: async ({ signal }) => operations.check(signal),
    }),
  ];
}

function brakeRoutes(actions: Actions): readonly Route[] {
  const endMaintenance = {
    summary: "End the maintenance",
    access: "administer",
    body: Nothing,
    run: async ({ by }: { readonly by: Parameters<Actions["endMaintenance"]>[0] }) =>
      actions.endMaintenance(by),
  } as const;
  return [
    acts({
      path: PATHS.pause,
      summary: "Stop every automatic action",
      access: "administer",
      body: PauseRequest,
      run: async ({ body, by }) => actions.pause(body, by),
    }),
    acts({
      path: PATHS.resume,
      summary: "Take a pause back, and let rollwatch act again after a restart storm",
      access: "administer",
      body: Nothing,
      answer: Resumed,
      run: async ({ by }) => actions.resume(by),
    }),
    acts({
      path: PATHS.maintenance,
      summary: "Declare that people work on the application",
      access: "administer",
      body: MaintenanceRequest,
      run: async ({ body, by }) => actions.startMaintenance(body, by),
    }),
    acts({ path: PATHS.maintenanceEnd, ...endMaintenance }),
    acts({ method: "DELETE", path: PATHS.maintenance, ...endMaintenance }),
  ];
}

function planRoutes(operations: Operations, actions: Actions): readonly Route[] {
  return [
    acts({
      path: PATHS.rollbacks,
      summary: "Go back, or restart services, by hand",
      access: "administer",
      body: RollbackRequest,
      answer: Begun,
      run: async ({ body, by, signal }) => actions.rollback(body, by, signal),
    }),
    acts({
      path: PATHS.preview,
      summary: "The plan of a rollback and what would refuse it; does nothing",
      access: "administer",
      body: PreviewRequest,
      answer: RollbackPreview,
      run: async ({ body, signal }) => operations.previewRollback(body, signal),
    }),
    acts({
      path: PATHS.approve,
      summary: "Say yes to a waiting plan",
      access: "approve",
      body: ApproveRequest,
      answer: PlanReport,
      run: async ({ id, body, by }) => actions.approve(id, body, by),
    }),
    acts({
      path: PATHS.reject,
      summary: "Say no to a waiting plan",
      access: "approve",
      body: RejectRequest,
      answer: PlanReport,
      run: async ({ id, body, by }) => actions.reject(id, body, by),
    }),
  ];
}

function incidentRoutes(actions: Actions): readonly Route[] {
  return [
    acts({
      path: PATHS.reports,
      summary: "Report a fault that no probe can see",
      access: "acknowledge",
      body: ReportRequest,
      answer: Reported,
      run: async ({ body, by }) => actions.report(body, by),
    }),
    acts({
      path: PATHS.acknowledge,
      summary: "Say that somebody looks after an incident",
      access: "acknowledge",
      body: Nothing,
      run: async ({ id, by }) => actions.acknowledge(id, by),
    }),
    acts({
      path: PATHS.note,
      summary: "Add words to an incident",
      access: "acknowledge",
      body: NoteRequest,
      run: async ({ id, body, by }) => actions.note(id, body, by),
    }),
    acts({
      path: PATHS.done,
      summary: "Tick a task of an incident",
      access: "acknowledge",
      body: DoneRequest,
      run: async ({ id, body, by }) => actions.finishTask(id, body, by),
    }),
    acts({
      path: PATHS.label,
      summary: "Say whether rollwatch was right about an incident",
      access: "acknowledge",
      body: LabelRequest,
      run: async ({ id, body, by }) => actions.label(id, body, by),
    }),
    acts({
      path: PATHS.close,
      summary: "End an incident",
      access: "administer",
      body: CloseRequest,
      run: async ({ id, body, by }) => actions.close(id, body, by),
    }),
  ];
}

function releaseRoutes(actions: Actions): readonly Route[] {
  return [
    acts({
      path: PATHS.releases,
      summary: "Capture what is deployed now",
      access: "administer",
      body: Nothing,
      answer: Captured,
      run: async ({ by, signal }) => actions.capture(by, signal),
    }),
    acts({
      path: PATHS.verify,
      summary: "Compare captures with their hashes",
      access: "administer",
      body: VerifyRequest,
      answer: ReleaseCheck,
      run: async ({ body: { release }, signal }) =>
        actions.verifyReleases(release === undefined ? {} : { release }, signal),
    }),
    acts({
      path: PATHS.warm,
      summary: "Make the warm database of the release that is deployed and proven now",
      access: "administer",
      body: Nothing,
      answer: WarmReport,
      run: async ({ id, by, signal }) => actions.warmRelease(id, by, signal),
    }),
  ];
}

function markRoutes(actions: Actions): readonly Route[] {
  return [
    acts({
      path: PATHS.mark,
      summary: "Make a release a security floor: nothing older is gone back to without a person",
      access: "administer",
      body: MarkRequest,
      run: async ({ id, body, by }) => actions.markRelease(id, body, by),
    }),
    acts({
      path: PATHS.unmark,
      summary: "Take a security floor back",
      access: "administer",
      body: Nothing,
      run: async ({ id, by }) => actions.unmarkRelease(id, by),
    }),
    acts({
      path: PATHS.prune,
      summary: "Delete captures beyond release.keep",
      access: "administer",
      body: PruneRequest,
      answer: Pruned,
      run: async ({ body: { dryRun }, by }) =>
        actions.prune(dryRun === undefined ? {} : { dryRun }, by),
    }),
  ];
}
