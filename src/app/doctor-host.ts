import { dirname } from "node:path";
import { tellDuration, tellTime } from "../model/units.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  faultOf,
  type Finding,
  ok,
  tellBytes,
  warning,
} from "./doctor-examination.ts";
import { demandFolder, demandProgram } from "./preflight.ts";

const READABLE_BY_OTHERS = 0o044;
const OTHERS = 0o077;
const OLDEST_NODE = { major: 20, minor: 19 };
/** Journals and notices need little; a dump or capture says for itself what it needs. */
const ROOM_BYTES = 256 * 1024 * 1024;
const PRIVILEGED = 1024;

/** Looks at the configuration's file, rollwatch's own places, and what runs it. */
export const HOST: readonly Examination[] = [
  { area: "configuration", check: "configuration file", look: lookAtFile },
  { area: "host", check: "state folder", look: lookAtState },
  { area: "host", check: "room for the state folder", look: lookAtRoom },
  { area: "host", check: "node", look: async (ports) => lookAtNode(ports) },
  { area: "host", check: "programs", look: lookAtPrograms },
  { area: "host", check: "clock", look: async (ports) => lookAtClock(ports) },
  { area: "host", check: "server.listen", look: lookAtPort },
];

async function lookAtFile({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  const { mode } = await world.files.access(config.file);
  const told = `${config.file} (mode ${(mode & 0o777).toString(8).padStart(4, "0")})`;
  return (mode & READABLE_BY_OTHERS) === 0
    ? [ok("configuration file", told)]
    : [
        warning(
          "configuration file",
          `${told} can be read by others`,
          `It names people and addresses: chmod 600 ${config.file}`,
        ),
      ];
}

async function lookAtState({ config, world, uid: own }: DoctorPorts): Promise<readonly Finding[]> {
  const { state } = config;
  const kind = await world.files.kind(state);
  if (kind === "absent") {
    const reason = await world.files.whyFixed(state);
    return [
      reason === undefined
        ? ok("state folder", `${state} is made at the start`)
        : fault(
            "state folder",
            `${state} cannot be made: ${reason}`,
            `Make it for rollwatch's user: install -d -m 700 ${state}`,
          ),
    ];
  }
  const { mode, uid } = await world.files.access(state);
  if ((mode & OTHERS) !== 0) {
    const told = (mode & 0o777).toString(8);
    return [
      fault(
        "state folder",
        `${state} is open to others (mode ${told})`,
        `It holds secrets: chmod 700 ${state}`,
      ),
    ];
  }
  return [
    uid === own || own === 0
      ? ok("state folder", `${state}, for its owner alone`)
      : fault(
          "state folder",
          `${state} belongs to user ${uid}`,
          `Run rollwatch as its owner, or: chown ${own} ${state}`,
        ),
  ];
}

/** The nearest folder that is there tells for one that is not made yet. */
async function lookAtRoom({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  let folder = config.state;
  while ((await world.files.kind(folder)) === "absent" && folder !== dirname(folder)) {
    folder = dirname(folder);
  }
  const free = await world.files.freeBytes(folder);
  const told = `${tellBytes(free)} free in ${folder}`;
  return [
    free < ROOM_BYTES
      ? fault(
          "room for the state folder",
          told,
          "Make room: without it nothing is journaled, and so nothing is done.",
        )
      : ok("room for the state folder", told),
  ];
}

function lookAtNode({ nodeVersion }: DoctorPorts): readonly Finding[] {
  const [, major = "0", minor = "0"] = /^v(\d+)\.(\d+)/u.exec(nodeVersion) ?? [];
  const isOld =
    Number(major) < OLDEST_NODE.major ||
    (Number(major) === OLDEST_NODE.major && Number(minor) < OLDEST_NODE.minor);
  return [
    isOld
      ? fault("node", `rollwatch runs on ${nodeVersion}`, "Run it on Node 20.19 or later.")
      : ok("node", `rollwatch runs on ${nodeVersion}`),
  ];
}

async function lookAtPrograms({
  config,
  world,
  environment,
}: DoctorPorts): Promise<readonly Finding[]> {
  const { root, pm2Program, source } = config.application;
  const pm2Cure = "Install pm2, or set application.pm2Program to its absolute path.";
  const gitCure = "Install git, or name another `application.source`.";
  return Promise.all([
    tell("application.root", root, demandFolder(world, root, "application.root")),
    tell("pm2 program", pm2Program, demandProgram(world, pm2Program, environment, pm2Cure)),
    ...(source === "git"
      ? [tell("git program", "git", demandProgram(world, "git", environment, gitCure))]
      : []),
  ]);
}

async function tell(check: string, detail: string, look: Promise<void>): Promise<Finding> {
  try {
    await look;
    return ok(check, detail);
  } catch (error) {
    return faultOf(check, error);
  }
}

/** Cool-downs and blame windows are counted by this clock. */
function lookAtClock({ world, lastEntryAt }: DoctorPorts): readonly Finding[] {
  const now = world.clock.now();
  const behindMs = (lastEntryAt ?? now) - now;
  return [
    behindMs > 1000
      ? fault(
          "clock",
          `it is ${tellTime(now)}, ${tellDuration(behindMs)} before the journal's newest entry`,
          "Set the clock (NTP): cool-downs and blame windows are counted by it.",
        )
      : ok("clock", tellTime(now)),
  ];
}

async function lookAtPort(
  { config, listeners, hasDaemon, uid }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { host, port } = config.server.listen;
  const address = `${host}:${port}`;
  const isTaken = (await listeners.all(signal)).some((one) => one.port === port);
  if (isTaken && !hasDaemon) {
    return [
      fault(
        "server.listen",
        `somebody else listens on port ${port}`,
        "Choose another port in server.listen; 0 takes any.",
      ),
    ];
  }
  if (port > 0 && port < PRIVILEGED && uid !== 0) {
    return [
      fault(
        "server.listen",
        `${address} is for root alone`,
        "Choose a port above 1023 in server.listen.",
      ),
    ];
  }
  return [ok("server.listen", isTaken ? `${address}, the daemon listens` : `${address} is free`)];
}
