import { changesToBlame } from "../model/blame.ts";
import type { Control, ControlName, Outage } from "../model/control.ts";
import { IDENTITY_PARTS, type Change, type IdentityPart } from "../model/identity.ts";
import type { Service } from "../model/service.ts";
import type { Breach } from "../model/signal.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { Attribution, Cause } from "../model/verdict.ts";
import { tellPercentiles, tellValue } from "./tell.ts";

/** What speaks for one cause or another. */
export interface CauseInput {
  readonly breaches: readonly Breach[];
  /** The first bad sample of all breaches. */
  readonly since: number;
  readonly changes: readonly Change[];
  readonly controls: readonly Control[];
  readonly services: readonly Service[];
  /** How far back a change may lie and still be blamed. */
  readonly blameWindowMs: number;
}

/**
 * Whom a red control accuses, gravest doubt first: who cannot trust his own eyes accuses nobody else. `lasting`: what began
 * while it was red stays its doing when it is green again, since an application may never recover from that by itself.
 */
const ACCUSED: readonly Accused[] = [
  { control: "event-loop", cause: "monitoring", lasting: false },
  { control: "loopback", cause: "monitoring", lasting: false },
  { control: "dns", cause: "host", lasting: false },
  { control: "database", cause: "database", lasting: true },
  { control: "upstream", cause: "upstream", lasting: true },
  { control: "pm2", cause: "host", lasting: false },
  { control: "disk", cause: "host", lasting: true },
  { control: "memory", cause: "host", lasting: true },
];

interface Accused {
  readonly control: ControlName;
  readonly cause: Cause;
  readonly lasting: boolean;
}

/** What lies beyond this machine: when all of it fails at once, the way there is broken. */
const REMOTE: ReadonlySet<ControlName> = new Set(["dns", "database", "upstream"]);
/** How far from an outage a breach may begin and still be its doing: controls are asked every few seconds. */
const OUTAGE_SLACK_MS = 10_000;

const CONFIGURATION_PARTS: ReadonlySet<IdentityPart> = new Set(["configFiles", "definitions"]);
const PART_WORDS: Readonly<Record<IdentityPart, string>> = {
  commit: "commit",
  served: "served release",
  content: "content",
  lockfile: "lock file",
  configFiles: "configuration files",
  definitions: "pm2 definitions",
  schema: "database schema",
};
const CODE_PARTS: ReadonlySet<IdentityPart> = new Set(["commit", "served", "content", "lockfile"]);

/**
 * Names the likely cause of the breaches: a red control comes before any change, no change at all is `unknown`. Several
 * controls that lie beyond this machine and are red at once accuse its network.
 */
export function attribute(input: CauseInput): Attribution {
  const { breaches, since, changes, controls, services, blameWindowMs } = input;
  const blamed = changesToBlame(changes, since, blameWindowMs);
  return {
    cause: causeOfControls(controls, since) ?? causeOfChanges(blamed),
    evidence: [
      ...breaches.map(tellBreach),
      ...tellControls(controls, since),
      ...(blamed.length === 0
        ? [`nothing was changed in the ${tellDuration(blameWindowMs)} before the first bad sample`]
        : [...blamed.map((change) => tellChange(change, since)), ...tellUnchanged(blamed)]),
      ...services.flatMap(tellService),
    ],
  };
}

function causeOfControls(controls: readonly Control[], since: number): Cause | undefined {
  const found = ACCUSED.flatMap((one) => {
    const accusing = controls.filter(
      (control) => control.name === one.control && accuses(control, one, since),
    );
    // A server that is full, nobody knows by whose doing: not the release's for certain, nor the server's.
    return accusing.map(({ takenBy }) =>
      takenBy === "unknown" ? ({ ...one, cause: "unknown" } as const) : one,
    );
  });
  const [gravest] = found;
  const remote = found.filter((one) => REMOTE.has(one.control));
  return gravest?.cause !== "monitoring" && remote.length > 1 ? "host" : gravest?.cause;
}

function accuses(control: Control, { lasting }: Accused, since: number): boolean {
  const isRed = control.state === "red" && control.takenBy !== "application";
  return isRed || (lasting && beganMeanwhile(control.outage, since));
}

function beganMeanwhile(outage: Outage | undefined, since: number): boolean {
  return (
    outage !== undefined &&
    since >= outage.from - OUTAGE_SLACK_MS &&
    since <= outage.until + OUTAGE_SLACK_MS
  );
}

function causeOfChanges(blamed: readonly Change[]): Cause {
  if (blamed.length === 0) {
    return "unknown";
  }
  const parts = blamed.flatMap((change) => change.parts);
  if (parts.length > 0 && parts.every((part) => CONFIGURATION_PARTS.has(part))) {
    return "configuration";
  }
  const hasCode = parts.some((part) => CODE_PARTS.has(part));
  return parts.includes("schema") && !hasCode ? "migration" : "release";
}

function tellBreach(breach: Breach): string {
  const { signal, value, unit, limit, since, reason, percentiles } = breach;
  const [measured, highest] = [tellValue(value, unit), tellValue(limit, unit)];
  const lately = percentiles === undefined ? "" : `; lately ${tellPercentiles(percentiles)}`;
  return `${signal} is ${measured}, limit ${highest}, since ${tellTime(since)}: ${reason}${lately}`;
}

function tellControls(controls: readonly Control[], since: number): readonly string[] {
  const lasting = new Set(ACCUSED.filter((one) => one.lasting).map((one) => one.control));
  const accusing = controls.flatMap(({ name, state, detail, outage }) => {
    if (state === "red") {
      return [`control ${name} is red: ${detail}`];
    }
    return outage !== undefined && lasting.has(name) && beganMeanwhile(outage, since)
      ? [
          `control ${name} was red from ${tellTime(outage.from)} to ${tellTime(outage.until)}, when this began: ${outage.detail}`,
        ]
      : [];
  });
  const green = controls.filter((one) => one.state === "green").map((one) => one.name);
  return green.length === 0 ? accusing : [...accusing, `controls green: ${green.join(", ")}`];
}

/** What is known and no blamed change touched. */
function tellUnchanged(blamed: readonly Change[]): readonly string[] {
  const touched = new Set(blamed.flatMap((change) => change.parts));
  const newest = blamed.at(-1)?.to ?? {};
  const same = IDENTITY_PARTS.filter(
    (part) => newest[part] !== undefined && newest[part] !== null && !touched.has(part),
  );
  return same.length === 0
    ? []
    : [`as it was before: ${same.map((part) => PART_WORDS[part]).join(", ")}`];
}

function tellChange(change: Change, since: number): string {
  const by = change.plan === undefined ? "" : ` by rollwatch's own plan ${change.plan}`;
  const distance = since - change.at;
  const when =
    distance >= 0
      ? `${tellDuration(distance)} before the first bad sample`
      : `seen ${tellDuration(-distance)} after the first bad sample, begun before it`;
  return `changed${by} ${when}: ${change.summary.join("; ")}`;
}

function tellService(service: Service): readonly string[] {
  const sick = service.instances.filter(
    (one) => one.status !== "online" && one.status !== "one-launch-status",
  );
  return sick.map(
    (one) => `${service.name} is ${one.status} in pm2 after ${one.restarts} restarts`,
  );
}
