import { changesToBlame } from "../model/blame.ts";
import type { Control, ControlName } from "../model/control.ts";
import type { Change, IdentityPart } from "../model/identity.ts";
import type { Service } from "../model/service.ts";
import type { Breach } from "../model/signal.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { Attribution, Cause } from "../model/verdict.ts";
import { tellValue } from "./tell.ts";

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

/** Whom a red control accuses, gravest doubt first: who cannot trust his own eyes accuses nobody else. */
const ACCUSED: readonly { readonly control: ControlName; readonly cause: Cause }[] = [
  { control: "event-loop", cause: "monitoring" },
  { control: "loopback", cause: "monitoring" },
  { control: "database", cause: "database" },
  { control: "pm2", cause: "host" },
  { control: "disk", cause: "host" },
  { control: "memory", cause: "host" },
];

const CONFIGURATION_PARTS: ReadonlySet<IdentityPart> = new Set(["configFiles", "definitions"]);
const CODE_PARTS: ReadonlySet<IdentityPart> = new Set(["commit", "served", "content", "lockfile"]);

/** Names the likely cause of the breaches: a red control comes before any change, no change at all is `unknown`. */
export function attribute(input: CauseInput): Attribution {
  const { breaches, since, changes, controls, services, blameWindowMs } = input;
  const blamed = changesToBlame(changes, since, blameWindowMs);
  const red = ACCUSED.flatMap(({ control, cause }) =>
    controls.filter((one) => one.name === control && one.state === "red").map(() => cause),
  );
  return {
    cause: red[0] ?? causeOfChanges(blamed),
    evidence: [
      ...breaches.map(tellBreach),
      ...controls
        .filter((one) => one.state === "red")
        .map((one) => `control ${one.name} is red: ${one.detail}`),
      ...(blamed.length === 0
        ? [`nothing was changed in the ${tellDuration(blameWindowMs)} before the first bad sample`]
        : blamed.map((change) => tellChange(change, since))),
      ...services.flatMap(tellService),
    ],
  };
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
  const { signal, value, unit, limit, since, reason } = breach;
  const [measured, highest] = [tellValue(value, unit), tellValue(limit, unit)];
  return `${signal} is ${measured}, limit ${highest}, since ${tellTime(since)}: ${reason}`;
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
