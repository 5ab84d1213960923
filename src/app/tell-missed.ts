import { type Approval, type History, isBraked, type Recovery } from "../model/history.ts";
import { approvalGiven, approvalOverridden, asked } from "../notify/notices-decision.ts";
import type { IncidentNews, NoticeDraft } from "../notify/notices-draft.ts";
import { maintenanceStarted, pausedByPerson, reportedByPerson } from "../notify/notices-people.ts";
import type { Daemon } from "./daemon.ts";
import { newsOf } from "./follow.ts";

/**
 * Tells what an earlier life wrote down and was killed before it could tell. What it did tell is not told again. At the start, before
 * anything else is done.
 */
export function tellMissed(daemon: Daemon): void {
  const { journal, world } = daemon;
  const history = journal.history();
  for (const made of [
    ...aboutBrakes(daemon, history, world.clock.now()),
    ...aboutOpen(daemon, history),
  ]) {
    daemon.tell(made);
  }
}

function aboutBrakes(
  { config }: Daemon,
  { pause, maintenance }: History,
  now: number,
): readonly NoticeDraft[] {
  const { name } = config.application;
  return [
    ...(isBraked(pause, now) ? [pausedByPerson(name, pause)] : []),
    ...(isBraked(maintenance, now) ? [maintenanceStarted(name, maintenance)] : []),
  ];
}

function aboutOpen(daemon: Daemon, { incidents, recoveries }: History): readonly NoticeDraft[] {
  return incidents
    .filter(({ closed }) => closed === undefined)
    .flatMap((incident) => {
      const news = newsOf(daemon, incident);
      const own = recoveries.filter(
        ({ plan, ended }) => plan.incident === incident.id && ended === undefined,
      );
      return [
        ...(incident.reported === undefined ? [] : [reportedByPerson(news)]),
        ...own.flatMap(({ approval, ...one }) =>
          approval === undefined ? [] : aboutAsked(news, { ...one, approval }),
        ),
      ];
    });
}

function aboutAsked(
  news: IncidentNews,
  recovery: Recovery & { readonly approval: Approval },
): readonly NoticeDraft[] {
  const decision = news.incident.decisions.at(-1);
  return [
    ...(decision === undefined ? [] : [asked(news, decision, recovery)]),
    ...approvalsOf(news, recovery),
  ];
}

/** What people hear of the answers to a plan, one for each, in their order. */
export function approvalsOf(
  news: IncidentNews,
  { approval, ...recovery }: Recovery & { readonly approval: Approval },
): readonly NoticeDraft[] {
  return approval.given.map(({ override }, place) => {
    const then = { ...approval, given: approval.given.slice(0, place + 1) };
    const tell = override === undefined ? approvalGiven : approvalOverridden;
    return tell(news, { ...recovery, approval: then });
  });
}
