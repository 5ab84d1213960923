import { join, resolve } from "node:path";
import { assertNever } from "../model/assert-never.ts";
import { isStoppedByPerson, type Service } from "../model/service.ts";
import { tellDuration } from "../model/units.ts";
import { readServedRelease } from "../release/ledger.ts";
import { findInterpreter } from "../release/interpreter.ts";
import { releasePaths } from "../release/paths.ts";
import { bytesNeeded } from "../release/space.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
  tellBytes,
  warning,
} from "./doctor-examination.ts";

/** pm2's own versions whose answers rollwatch was tried with. */
const KNOWN_PM2 = /^[67]\./u;
/** What a copy that is synced costs on an ordinary disk: the content, and each file by itself. */
const COPY_BYTES_PER_MS = 100_000;
const COPY_MS_PER_FILE = 0.3;
const SERVED_MS = 5000;

/** Looks at the application: its pm2, its services, and what a release of it consists of. */
export const APPLICATION: readonly Examination[] = [
  { area: "pm2", check: "pm2", look: lookAtPm2 },
  { area: "pm2", check: "pm2 home", look: lookAtHome },
  { area: "pm2", check: "services", look: lookAtServices },
  { area: "pm2", check: "pm2 dump", look: lookAtDump },
  { area: "release", check: "repository", look: lookAtGit },
  { area: "release", check: "artifacts", look: lookAtArtifacts },
  { area: "release", check: "configFiles", look: lookAtConfigFiles },
  { area: "release", check: "lockfile", look: lookAtLockfile },
  { area: "release", check: "interpreter", look: lookAtInterpreter },
  { area: "release", check: "release id", look: lookAtServed },
];

async function lookAtPm2({ world }: DoctorPorts, signal: AbortSignal): Promise<readonly Finding[]> {
  const daemon = await world.pm2.daemon(signal);
  switch (daemon.kind) {
    case "alive":
      return [
        KNOWN_PM2.test(daemon.version)
          ? ok("pm2", `version ${daemon.version} answers, process ${daemon.pid}`)
          : warning(
              "pm2",
              `version ${daemon.version}`,
              "rollwatch was tried with pm2 6 and 7; look at `rollwatch check` with care.",
            ),
      ];
    case "dead":
    case "hung":
      return [
        fault(
          "pm2",
          `it is ${daemon.kind}: ${daemon.reason}`,
          "Bring the application's pm2 back as its own user (`pm2 resurrect`).",
        ),
      ];
    default:
      return assertNever(daemon);
  }
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

async function lookAtDump({ world }: DoctorPorts): Promise<readonly Finding[]> {
  return [
    (await world.pm2.hasDump())
      ? ok("pm2 dump", "the services come back after a reboot, and a rollback saves them anew")
      : warning(
          "pm2 dump",
          "there is none: after a reboot pm2 starts nothing",
          "`pm2 save` and `pm2 startup`, as the application's user.",
        ),
  ];
}

async function lookAtGit(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { root, source } = config.application;
  if (source !== "git") {
    return [ok("repository", `none is needed for the source ${source}`)];
  }
  const commit = await world.git.head(root, signal);
  if (commit === null) {
    return [
      fault(
        "repository",
        `${root} is no git work tree with a commit`,
        "Commit what is deployed, or set application.source to directory.",
      ),
    ];
  }
  const busy = await world.git.busy(root);
  const part = (await world.git.isTop(root))
    ? ""
    : "; a part of a larger repository, whose HEAD stays as it is";
  return [
    ok("repository", `commit ${commit.slice(0, 12)}${part}`),
    ...(busy === null
      ? []
      : [
          warning(
            "git lock",
            busy,
            "Nothing is rolled back meanwhile. When no git command runs, remove the lock.",
          ),
        ]),
  ];
}

async function lookAtArtifacts(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { root } = config.application;
  const { units } = releasePaths(config.application);
  const findings: Finding[] = [];
  const sizes = { path: "", digest: "", bytes: 0, files: 0 };
  for (const path of units) {
    const entries = await world.files.listTree(root, path, signal);
    const reason = await world.files.whyFixed(join(root, path));
    if (entries.length === 0) {
      findings.push(
        fault(
          `artifact ${path}`,
          "it is not there",
          "Build the release, or take it out of application.artifacts.",
        ),
      );
    } else if (reason !== undefined) {
      findings.push(
        fault(
          `artifact ${path}`,
          `it cannot be switched: ${reason}`,
          "Let rollwatch's user write its folder; of a mount point name what lies in it.",
        ),
      );
    }
    const files = entries.filter(({ kind }) => kind === "file");
    sizes.files += files.length;
    sizes.bytes += files.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  const faulty =
    findings.length > 0 ? [] : [ok("artifacts", `${units.length} paths, all there and movable`)];
  return [...faulty, ...findings, ...(await roomFor(sizes, { config, world }))];
}

async function roomFor(
  { bytes, files }: { readonly bytes: number; readonly files: number },
  { config, world }: Pick<DoctorPorts, "config" | "world">,
): Promise<readonly Finding[]> {
  const { root } = config.application;
  const tookMs = bytes / COPY_BYTES_PER_MS + files * COPY_MS_PER_FILE;
  const size = `${tellBytes(bytes)} in ${files} files, captured in about ${tellDuration(tookMs)}`;
  const needed = bytesNeeded([{ path: "", kind: "directory", digest: "", files, bytes }]);
  const free = await world.files.freeBytes(root);
  return [
    free < needed
      ? fault(
          "room for a rollback",
          `${size}; ${tellBytes(needed)} needed in ${root}, ${tellBytes(free)} free`,
          "Make room on the application's disk.",
        )
      : ok("room for a rollback", `${size}; ${tellBytes(free)} free in ${root}`),
  ];
}

async function lookAtConfigFiles({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  const { root } = config.application;
  const { configFiles } = releasePaths(config.application);
  if (configFiles.length === 0) {
    return [ok("configFiles", "none is configured")];
  }
  return Promise.all(
    configFiles.map(async ({ path, kindOfConfig }) => {
      const check = `${kindOfConfig} file ${path}`;
      return (await world.files.kind(join(root, path))) === "absent"
        ? fault(
            check,
            "it is not there",
            "Put it there, or take it out of application.configFiles.",
          )
        : ok(check, "it is there");
    }),
  );
}

async function lookAtLockfile({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  const { root, lockfile } = config.application;
  return [
    (await world.files.kind(join(root, lockfile))) === "absent"
      ? warning(
          "lockfile",
          `${lockfile} is not there: a change of the dependencies is not noticed by it`,
          "Name the right one in application.lockfile, or commit one.",
        )
      : ok("lockfile", lockfile),
  ];
}

async function lookAtInterpreter(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { root, services } = config.application;
  const names = services.map(({ name }) => name);
  const definitions = await world.pm2.definitions(names, signal);
  const interpreter = await findInterpreter(world, definitions, root, signal);
  return [
    interpreter === undefined
      ? ok("interpreter", "no service runs on Node")
      : ok("interpreter", `the services run on Node ${interpreter.version}`),
  ];
}

async function lookAtServed(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { releaseIdFrom } = config.application;
  if (releaseIdFrom === undefined) {
    return [
      warning(
        "release id",
        "the application says nowhere which release it is",
        "Let it say so and set application.releaseIdFrom; till then a rollback is proven by processes and folders.",
      ),
    ];
  }
  const deadline = world.clock.deadline(SERVED_MS, signal);
  const served = await readServedRelease(world.http, config.application, deadline);
  return [
    typeof served === "string"
      ? ok("release id", `${served} at ${releaseIdFrom.url}`)
      : fault(
          "release id",
          `${releaseIdFrom.url} has no ${releaseIdFrom.json}`,
          "Correct application.releaseIdFrom, or start the application.",
        ),
  ];
}
