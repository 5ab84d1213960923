import { join, resolve } from "node:path";
import { assertNever } from "../model/assert-never.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";

/** pm2's own versions whose answers rollwatch was tried with. */
const KNOWN_PM2 = /^[67]\./u;

/** Looks at the application's pm2 and its services. */
export const PM2: readonly Examination[] = [
  { area: "pm2", check: "pm2", look: lookAtPm2 },
  { area: "pm2", check: "pm2 home", look: lookAtHome },
  { area: "pm2", check: "services", look: lookAtServices },
  { area: "pm2", check: "pm2 dump", look: lookAtDump },
];

async function lookAtPm2({ world }: DoctorPorts, signal: AbortSignal): Promise<readonly Finding[]> {
  const daemon = await world.pm2.daemon(signal);
  switch (daemon.kind) {
    case "alive":
      return [findingOfVersions(daemon, await world.pm2.programVersion(signal))];
    case "dead":
      return [
        fault(
          "pm2",
          `it is dead: ${daemon.reason}`,
          "End what is named here, then bring pm2 back as the application's own user (`pm2 resurrect`): what runs on holds its ports.",
        ),
      ];
    case "hung":
      return [
        fault(
          "pm2",
          `it is hung: ${daemon.reason}`,
          `Look at process ${daemon.pid} (\`ps\`): pm2's own commands hang, too. Resume it (\`kill -CONT\`), or end it and \`pm2 resurrect\`.`,
        ),
      ];
    case "doubled":
      return [
        fault(
          "pm2",
          `two daemons have one home: ${daemon.reason}`,
          "End both and what they started, then `pm2 resurrect`: neither knows the other's processes.",
        ),
      ];
    default:
      return assertNever(daemon);
  }
}

function findingOfVersions(
  { version, pid }: { readonly version: string; readonly pid: number },
  program: string,
): Finding {
  if (!KNOWN_PM2.test(version)) {
    const cure = "rollwatch was tried with pm2 6 and 7; look at `rollwatch check` with care.";
    return warning("pm2", `version ${version}`, cure);
  }
  return program === version
    ? ok("pm2", `version ${version} answers, process ${pid}`)
    : warning(
        "pm2",
        `version ${version} runs, the pm2 program is ${program}`,
        "`pm2 update` at a quiet time: it restarts every service. rollwatch works with either.",
      );
}

async function lookAtHome({ config, world, uid }: DoctorPorts): Promise<readonly Finding[]> {
  const { pm2Home } = config.application;
  if (resolve(pm2Home) === resolve(join(config.state, "pm2"))) {
    return [
      fault(
        "pm2 home",
        `${pm2Home} is rollwatch's own`,
        "Name the home of the application's pm2: a `pm2 stop all` there must not stop rollwatch.",
      ),
    ];
  }
  const { uid: owner } = await world.files.access(pm2Home);
  const told = `${pm2Home} belongs to user ${owner}, this is user ${uid}`;
  if (owner === uid) {
    return [ok("pm2 home", pm2Home)];
  }
  const cure = "Run rollwatch as the user who owns the application's pm2.";
  return [uid === 0 ? warning("pm2 home", told, cure) : fault("pm2 home", told, cure)];
}

async function lookAtServices(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const names = config.application.services.map(({ name }) => name);
  const [services, known] = await Promise.all([
    world.pm2.services(names, signal),
    world.pm2.names(signal),
  ]);
  return services.map((service) => findingOf(service, known));
}

function findingOf(service: Service, known: readonly string[]): Finding {
  const check = `service ${service.name}`;
  const { instances } = service;
  if (instances.length === 0) {
    return fault(
      check,
      "pm2 does not know it",
      `Start it, or correct application.services; pm2 keeps ${known.join(", ") || "none"}.`,
    );
  }
  if (isStoppedByPerson(service)) {
    return warning(
      check,
      "a person stopped it",
      `It stays stopped, whatever rollwatch does: pm2 start ${service.name}`,
    );
  }
  const notOnline = instances.filter(({ status }) => status !== "online");
  const states = [...new Set(notOnline.map(({ status }) => status))].join(", ");
  return notOnline.length === 0
    ? ok(check, instances.length === 1 ? "online" : `${instances.length} processes online`)
    : fault(
        check,
        `${notOnline.length} of ${instances.length} processes: ${states}`,
        `Look at its log: pm2 logs ${service.name}`,
      );
}

async function lookAtDump({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  const dumped = await world.pm2.dumped();
  if (dumped === undefined) {
    return [
      warning(
        "pm2 dump",
        "there is none: after a reboot pm2 starts nothing",
        "`pm2 save` and `pm2 startup`, as the application's user.",
      ),
    ];
  }
  const missing = config.application.services.filter(({ name }) => !dumped.includes(name));
  return [
    missing.length === 0
      ? ok("pm2 dump", "the services come back after a reboot, and a rollback saves them anew")
      : warning(
          "pm2 dump",
          `it lacks ${missing.map(({ name }) => name).join(", ")}: after a reboot pm2 does not start them`,
          "`pm2 save` while all services run, as the application's user.",
        ),
  ];
}
