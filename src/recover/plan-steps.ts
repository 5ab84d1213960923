import type { ApplicationSettings } from "../model/application.ts";
import type { Phase } from "../model/plan.ts";
import type { CapturedPath, Release } from "../model/release.ts";
import { isInside } from "../release/paths.ts";
import type { PlanInput } from "./plan-input.ts";
import type { ServiceWork } from "./service-work.ts";
import type { KnownStep } from "./steps/index.ts";

const SECOND = 1000;
const QUICK_MS = 30 * SECOND;
const START_MS = 30 * SECOND;
const STOP_MARGIN_MS = 10 * SECOND;
const PROVE_MS = 60 * SECOND;
const STEADY_MS = 2 * SECOND;
const CLEAN_UP_MS = 120 * SECOND;
/** A slow disk: copying, syncing and hashing together. */
const STAGE_BYTES_PER_MS = 10_000;

/** Copies a path of the target beside the application. */
export function stageStep(path: CapturedPath, { target, kept }: PlanInput): readonly KnownStep[] {
  if (path.kind === "absent") {
    return [];
  }
  const inside = kept.filter((file) => isInside(file.path, path.path)).map((file) => file.path);
  const but = inside.length === 0 ? "" : `, keeping ${inside.join(", ")} as now`;
  return [
    {
      id: `stage:${path.path}`,
      kind: "stage",
      phase: "prepare",
      text: `copy ${path.path} of ${target.id} beside the application (${path.files} files)${but}`,
      deadlineMs: QUICK_MS + Math.ceil(path.bytes / STAGE_BYTES_PER_MS),
      release: target.id,
      path: path.path,
      digest: path.digest,
      kept: inside,
    },
  ];
}

/** Stops the services that have processes: one after the other in the order given, or all in one step. */
export function stopSteps(
  works: readonly ServiceWork[],
  { application, target }: PlanInput,
): readonly KnownStep[] {
  const { stopTogether } = application;
  const stopping = works.filter(({ processes }) => processes > 0);
  const groups = stopTogether ? [stopping] : stopping.map((work) => [work]);
  return groups.filter((group) => group.length > 0).map((group) => stopStep(group, target.id));
}

function stopStep(group: readonly ServiceWork[], target: string): KnownStep {
  const services = group.map(({ settings }) => settings.name);
  const needMs = group.map(({ stopMs }) => stopMs);
  const gone = group.filter(({ starts }) => !starts).map(({ settings }) => settings.name);
  return {
    id: `stop-service:${services.join(",")}`,
    kind: "stop-service",
    phase: "act",
    text: `stop ${services.join(", ")}${gone.length === 0 ? "" : ` (${gone.join(", ")} for good: ${target} has no such service)`}`,
    deadlineMs: Math.max(...needMs) + STOP_MARGIN_MS,
    services,
  };
}

/** Puts a staged path into its place. */
export function switchStep(path: CapturedPath): KnownStep {
  const absentInTarget = path.kind === "absent";
  return {
    id: `switch:${path.path}`,
    kind: "switch",
    phase: "act",
    text: absentInTarget
      ? `take ${path.path} away: the target has none`
      : `put ${path.path} back (${path.files} files)`,
    deadlineMs: QUICK_MS,
    path: path.path,
    digest: path.digest,
    absentInTarget,
  };
}

/**
 * Optional: git only names what is installed, and its lock must not keep the services down. A work tree larger than the
 * application is not moved: its other parts would be named wrong.
 */
export function pointGitStep({
  target,
  from,
  ownsWorkTree = true,
}: PlanInput): readonly KnownStep[] {
  const { commit } = target.identity;
  return typeof commit !== "string" || commit === from.commit || !ownsWorkTree
    ? []
    : [
        {
          id: "point-git",
          kind: "point-git",
          phase: "act",
          optional: true,
          text: `point git at ${commit.slice(0, 8)}`,
          deadlineMs: QUICK_MS,
          commit,
        },
      ];
}

/** Starts a service in its phase. */
export function startStep(
  { settings, processes, bootMs, starts, how }: ServiceWork,
  { target }: PlanInput,
  phase: Phase,
): readonly KnownStep[] {
  const { name } = settings;
  const definition = how === "replace" ? " with its captured definition" : "";
  return starts
    ? [
        {
          id: `start-service:${name}`,
          kind: "start-service",
          phase,
          text: `start ${name}${definition}`,
          deadlineMs: START_MS * Math.max(processes, 1) + bootMs,
          release: target.id,
          service: name,
          how,
        },
      ]
    : [];
}

/** Proves what was started in the phase. */
export function proveStep(
  works: readonly ServiceWork[],
  { application, target }: PlanInput,
  phase: "act" | "settle",
): readonly KnownStep[] {
  const started = works.filter(({ starts }) => starts);
  const services = started.map(({ settings }) => settings.name);
  const served = servedBy(services, application, target);
  return services.length === 0
    ? []
    : [
        {
          id: phase === "act" ? "prove-identity" : "prove-identity:settle",
          kind: "prove-identity",
          phase,
          text: `prove that ${services.join(", ")} ${services.length === 1 ? "runs" : "run"} ${served ?? target.id}`,
          deadlineMs: PROVE_MS,
          release: target.id,
          services,
          served,
          steadyMs: STEADY_MS,
        },
      ];
}

/** Where pm2 brings services back after a reboot. */
export function savePm2Step({ hasDump }: PlanInput): readonly KnownStep[] {
  return hasDump
    ? [
        {
          id: "save-pm2",
          kind: "save-pm2",
          phase: "settle",
          optional: true,
          text: "save pm2's list, so that a reboot brings back what runs now",
          deadlineMs: QUICK_MS,
        },
      ]
    : [];
}

/** Last of all. */
export function cleanUpStep(): KnownStep {
  return {
    id: "clean-up",
    kind: "clean-up",
    phase: "settle",
    optional: true,
    text: "remove the staging; the replaced files stay as evidence until the next plan",
    deadlineMs: CLEAN_UP_MS,
  };
}

/** The id that the target must serve, when the service that serves it is among those started. */
function servedBy(
  started: readonly string[],
  application: ApplicationSettings,
  target: Release,
): string | null {
  const serving = application.serving ?? application.services[0]?.name ?? "";
  const isServed = application.releaseIdFrom !== undefined && started.includes(serving);
  return isServed ? (target.identity.served ?? null) : null;
}
