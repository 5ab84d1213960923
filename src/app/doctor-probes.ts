import type { Config } from "../config/schema.ts";
import type { DoctorRequests } from "../model/doctor.ts";
import type { CheckRound } from "../model/operations.ts";
import { tellValue } from "../judge/tell.ts";
import { traitsOf } from "../observe/probes/index.ts";
import type { Http } from "../system/http.ts";
import { checkOnce } from "./check-once.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";
import { requestRates } from "./request-rates.ts";
import { openSurroundings } from "./surroundings.ts";
import { createControls } from "../observe/controls.ts";
import { controlSettingsOf } from "./control-settings.ts";
import { openLog } from "../system/log.ts";

const ASK_MS = 2000;
const MAX_BODY_BYTES = 64 * 1024;

/** Looks through every probe once, and at the controls. */
export const PROBES: readonly Examination[] = [
  { area: "probes", check: "probes", look: lookAtProbes },
];

async function lookAtProbes(
  { config, world, history }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { application } = config;
  const controls = createControls(world, controlSettingsOf(config));
  try {
    const log = openLog({ level: "silent", secrets: config.secrets, fd: 1 });
    const surroundings = openSurroundings({ world, controls, log }, application);
    const journal = { history: () => history };
    const round = await checkOnce({ config, world, surroundings, journal }, signal);
    const signals = await Promise.all(
      round.signals.map(async (one) => tellSignal(one, { config, http: world.http }, signal)),
    );
    // Of what is not known the other looks tell why: no state folder yet, no database.
    const known = round.controls.filter((one) => one.state !== "unknown");
    return [...signals, ...known.map(tellControl)];
  } finally {
    await controls.close();
  }
}

type Checked = CheckRound["signals"][number];

async function tellSignal(
  signal: Checked,
  { config, http }: { readonly config: Config; readonly http: Http },
  abort: AbortSignal,
): Promise<Finding> {
  const { name, value, unit, limit, bad, reason } = signal;
  const check = `signal ${name}`;
  if (value === null && kindOf(config, name) === "synthetic-alert") {
    return ok(check, reason);
  }
  if (value === null) {
    const url = urlOf(config, name);
    const limiter =
      reason.includes("429") && url !== undefined ? await limiterOf(http, url, abort) : "";
    return warning(
      check,
      `${reason}${limiter}`,
      limiter === ""
        ? "It is blind until this is mended, and no release is proven meanwhile; see docs/configuration.md for what its probe needs."
        : "Let the limiter pass rollwatch (loopback), or lengthen the intervals.",
    );
  }
  const measured = `${tellValue(value, unit)}, limit ${tellValue(limit, unit)}: ${reason}`;
  if (!bad) {
    return ok(check, measured);
  }
  const cure = "It is over its limit now: mend the application, or correct the limit.";
  // One slow request is none too many yet.
  return judgedByValue(config, name)
    ? fault(check, measured, cure)
    : warning(check, measured, cure);
}

function judgedByValue(config: Config, name: string): boolean {
  const signal = config.signals.find((one) => one.name === name);
  return signal !== undefined && traitsOf(signal.probe, 0).judgedBy === "value";
}

function tellControl({ name, state, detail }: CheckRound["controls"][number]): Finding {
  const check = `control ${name}`;
  return state === "red"
    ? fault(check, detail, "While it is red nothing is rolled back: the release is not to blame.")
    : ok(check, detail);
}

function kindOf(config: Config, name: string): string | undefined {
  return config.signals.find((one) => one.name === name)?.probe.kind;
}

function urlOf(config: Config, name: string): string | undefined {
  const signal = config.signals.find((one) => one.name === name);
  return signal === undefined ? undefined : traitsOf(signal.probe, 0).url;
}

/** Who limits: what the answer's headers say of it. */
async function limiterOf(http: Http, url: string, signal: AbortSignal): Promise<string> {
  const ask = { url, timeoutMs: ASK_MS, maxBodyBytes: MAX_BODY_BYTES };
  const answer = await http.ask(ask, signal);
  const headers = answer.kind === "answered" ? Object.entries(answer.headers) : [];
  const said = headers.filter(([name]) =>
    /^(?:x-)?ratelimit|^retry-after$|^server$|^via$/iu.test(name),
  );
  const told = said.map(([name, value]) => `${name}: ${value}`).join(", ");
  return `; the limiter of ${new URL(url).origin} says ${told === "" ? "nothing of itself" : told}`;
}

/** What the probes ask of each address, as people read it. */
export function requestsOf(config: Config): readonly DoctorRequests[] {
  return requestRates(config).map(({ origin, perMinute }) => ({
    origin,
    perMinute: Math.round(perMinute),
  }));
}
