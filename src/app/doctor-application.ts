import { join } from "node:path";
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

/** What a copy that is synced costs on an ordinary disk: the content, and each file by itself. */
const COPY_BYTES_PER_MS = 100_000;
const COPY_MS_PER_FILE = 0.3;
const SERVED_MS = 5000;

/** Looks at what a release of the application consists of. */
export const APPLICATION: readonly Examination[] = [
  { area: "release", check: "repository", look: lookAtGit },
  { area: "release", check: "artifacts", look: lookAtArtifacts },
  { area: "release", check: "configFiles", look: lookAtConfigFiles },
  { area: "release", check: "lockfile", look: lookAtLockfile },
  { area: "release", check: "interpreter", look: lookAtInterpreter },
  { area: "release", check: "release id", look: lookAtServed },
];

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
