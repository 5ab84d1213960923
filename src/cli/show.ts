import type { PlanReport } from "../model/actions.ts";
import type {
  ControlReport,
  IncidentReport,
  ReleaseReport,
  SignalReport,
  VerdictReport,
} from "../model/operations.ts";
import type { SignalState } from "../model/signal.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { Paint, Tone } from "./style.ts";
import { table } from "./style.ts";

/** How long ago, as people say it: days and hours for what is long past. */
export function tellAge(at: number, now: number): string {
  const ms = Math.max(0, now - at);
  const hours = Math.floor(ms / 3_600_000);
  if (hours >= 48) {
    return `${Math.floor(hours / 24)} days ago`;
  }
  return hours >= 1
    ? `${hours} h ${Math.floor((ms % 3_600_000) / 60_000)} min ago`
    : `${tellDuration(ms)} ago`;
}

/** The first characters of a commit, or what is said instead. */
export function shortCommit(commit: string | null | undefined): string {
  if (commit === undefined) {
    return "not known";
  }
  return commit === null ? "no git" : commit.slice(0, 12);
}

function tellPercentiles(told: NonNullable<SignalReport["percentiles"]>): string {
  const { p50, p95, p99, samples } = told;
  const [half, most, nearlyAll] = [p50, p95, p99].map((one) => tellDuration(one * 1000));
  return `p50 ${half}, p95 ${most}, p99 ${nearlyAll} of ${samples}`;
}

/** One line per signal. */
export function showSignals(paint: Paint, signals: readonly SignalReport[]): string {
  return table(
    paint,
    signals.map((signal) => [
      signal.name,
      { text: signal.state, tone: stateTone(signal.state) },
      `${signal.value ?? "-"} ${signal.unit}, limit ${signal.limit}`,
      signal.percentiles === undefined
        ? signal.reason
        : `${signal.reason}; ${tellPercentiles(signal.percentiles)}`,
    ]),
  );
}

/** One line per control probe. */
export function showControls(paint: Paint, controls: readonly ControlReport[]): string {
  const tones = { green: "good", red: "bad", unknown: "doubtful" } as const;
  return table(
    paint,
    controls.map(({ name, state, detail }) => [name, { text: state, tone: tones[state] }, detail]),
  );
}

/** The verdict in a line, and what speaks for its cause. */
export function showVerdict(paint: Paint, verdict: VerdictReport | null): string {
  if (verdict === null) {
    return `${paint("doubtful", "not judged yet")}\n`;
  }
  const tones = { healthy: "good", suspect: "doubtful", breached: "bad" } as const;
  const trigger = verdict.trigger === null ? "" : `: ${verdict.trigger}`;
  const tier = verdict.tier === null ? "" : ` (${verdict.tier})`;
  const cause = verdict.cause === null ? "" : `, likely cause: ${verdict.cause}`;
  const lines = [
    `${paint(tones[verdict.kind], verdict.kind)}${trigger}${tier}${cause}`,
    ...verdict.evidence.map((line) => `  ${line}`),
    ...verdict.missing.map((one) => `  ${one.signal} says nothing (${one.state}): ${one.reason}`),
  ];
  return `${lines.join("\n")}\n`;
}

/** An incident in a few lines. */
export function showIncident(paint: Paint, incident: IncidentReport, now: number): string {
  const decision = incident.decisions.at(-1);
  const end = incident.closed === null ? paint("bad", "open") : incident.closed.outcome;
  const lines = [
    `  ${incident.id}  ${incident.trigger}  began ${tellAge(incident.since, now)}  ${end}`,
  ];
  if (incident.closed === null && decision !== undefined) {
    lines.push(`    decided: ${decision.kind}, ${decision.reason}`);
    for (const guard of decision.guards) {
      lines.push(
        `    ${guard.answer === "block" ? paint("bad", "block") : "allow"}  ${guard.guard}: ${guard.reason}`,
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

/** One line per captured release. */
export function showReleases(
  paint: Paint,
  releases: readonly ReleaseReport[],
  now: number,
): string {
  return table(
    paint,
    releases.map((release) => [
      release.id,
      release.provenAt === null
        ? { text: "not proven", tone: "doubtful" as const }
        : { text: "proven", tone: "good" as const },
      readyWord(release.ready),
      `${shortCommit(release.commit)}, captured ${tellAge(release.capturedAt, now)}`,
      [...tellFloor(release), ...tellWarm(release, now), ...release.problems].join("; "),
    ]),
  );
}

function tellFloor({ securityFloor: floor }: ReleaseReport): readonly string[] {
  return floor === undefined ? [] : [`security floor by ${floor.by}: ${floor.reason}`];
}

function tellWarm({ warm }: ReleaseReport, now: number): readonly string[] {
  if (warm === undefined) {
    return [];
  }
  return warm.kind === "none"
    ? [`no warm database: ${warm.reason}`]
    : [
        `warm database ${warm.name}, ${warm.how}, of ${tellAge(warm.at, now)}, made in ${tellDuration(warm.seconds * 1000)}`,
      ];
}

/** A plan as a person must see it before saying yes or no. */
export function showPlan(paint: Paint, plan: PlanReport, now: number): string {
  const what = plan.target === null ? "restart" : `rollback to ${plan.target}`;
  const { approval } = plan;
  const lines = [
    `${paint("title", `${plan.scope} ${what}`)} (${plan.id}, ${plan.state}), asked by ${plan.requestedBy} ${tellAge(plan.createdAt, now)}, for ${plan.incident}`,
    ...showSteps(plan),
  ];
  if (approval !== null) {
    const roles = approval.roles.join(approval.everyRole ? " and " : " or ");
    lines.push(
      approval.countdownMs === null
        ? `  needs ${roles}, until ${tellTime(approval.expiresAt)}`
        : `  begins by itself after ${tellDuration(approval.countdownMs)} unless ${roles} says no`,
    );
    lines.push(...approval.given.map(({ by, role }) => `  approved by ${by} as ${role}`));
  }
  if (plan.ended !== null) {
    lines.push(`  ended: ${plan.ended.result}, ${plan.ended.reason}`);
  }
  return `${[...lines, paint("quiet", `  hash ${plan.hash}`)].join("\n")}\n`;
}

/** The steps of a plan, numbered, and the files that stay as they are. */
export function showSteps(plan: Pick<PlanReport, "steps" | "kept">): readonly string[] {
  return [
    ...plan.steps.map((step, index) => `  ${index + 1}. ${step.describe}`),
    ...plan.kept.map(({ path, reason }) => `  ${path} stays as it is: ${reason}`),
  ];
}

function readyWord(ready: boolean | null): string {
  if (ready === null) {
    return "not checked";
  }
  return ready ? "ready" : "not ready";
}

function stateTone(state: SignalState): Tone {
  if (state === "ok") {
    return "good";
  }
  return state === "breach" ? "bad" : "doubtful";
}
