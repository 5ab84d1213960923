import { randomBytes } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { type CalibrationService, startCalibrationService } from "./calibration-service.ts";
import type { Cluster } from "./cluster.ts";
import { run } from "./command.ts";
import { labEnvironment } from "./environment.ts";
import { setVariables } from "./env-file.ts";
import { askHealth, untilServing } from "./health.ts";
import type { Lab } from "./lab.ts";
import { modulesHash, replaceModules } from "./modules.ts";
import { openPm2Home, type Pm2Home } from "./pm2-home.ts";
import { firstStart } from "./first-start.ts";
import { EXAMPLE, findRelease } from "./releases.ts";
import {
  cloneRepository,
  createRepository,
  type Dependencies,
  git,
  type Repository,
} from "./repository.ts";

/** The services in the order of their `ecosystem.config.js`. */
export const SERVICES = [
  "radiation-monitoring",
  "websocket-service",
  "csv-polling-service",
  "data-retention-service",
  "anomaly-detection-service",
] as const;

/** The release that the system runs before anything happens. */
export const GOOD_RELEASE = "v1.4.0";

/** The radiation system as it runs on a host: a work tree, a database, five services under a pm2. */
export interface RadiationSystem {
  /** The work tree. */
  readonly root: string;
  /** Where the API and the WebSocket service listen. */
  readonly api: string;
  readonly webSocket: string;
  readonly databaseUrl: string;
  /** Of the role that may put databases in each other's place. */
  readonly rollbackUrl: string;
  /** What it depends on and its pm2 does not know. */
  readonly calibration: CalibrationService;
  /** host:port at which its services expect rollwatch, whether that runs or not. */
  readonly rollwatch: string;
  readonly pm2: Pm2Home;
  /** Deploys a release as the team's script does, without a word to anybody. */
  deploy(releaseId: string, installWith?: "cache" | "npm"): Promise<Deployment>;
  /** Release id and commit that the API serves; undefined when it does not answer 200. */
  served(): Promise<string | undefined>;
}

/** What a deployment was. */
export interface Deployment {
  readonly release: string;
  readonly commit: string;
  /** When its first process started, ms since the epoch. */
  readonly firstProcessAt: number;
}

/** The system's database, and the role that owns it. */
export const DATABASE = "radiation_health";
export const ROLE = "radiation";
/** The role that takes the database back. */
const ROLLBACK_ROLE = "rollwatch";
const START_LIMIT_MS = 30_000;

/** Sets the system up with its good release, and returns when that is served. */
export async function startRadiationSystem(
  lab: Lab,
  cluster: Cluster,
  dependencies: Dependencies = "few",
): Promise<RadiationSystem> {
  const root = path.join(lab.folder, "app");
  const repository = await createRepository(lab, dependencies);
  await cloneRepository(repository, root);
  const { databaseUrl, rollbackUrl } = await createDatabase(cluster);
  const calibration = await startCalibrationService(lab);
  const ports = { api: await lab.port(), webSocket: await lab.port() };
  const rollwatch = `127.0.0.1:${await lab.port()}`;
  await writeEnvironmentFile(root, {
    API_PORT: String(ports.api),
    WS_PORT: String(ports.webSocket),
    DATABASE_URL: databaseUrl,
    CALIBRATION_URL: `${calibration.url}/calibrations`,
    CSV_HEARTBEAT_URL: `http://${rollwatch}/api/v1/heartbeats/csv-polling-heartbeat`,
    RETENTION_HEARTBEAT_URL: `http://${rollwatch}/api/v1/heartbeats/data-retention-heartbeat`,
  });
  await replaceModules(root, "cache");
  await runScript(lab, root, "build.js");
  await runScript(lab, root, "migrate.js");
  await runScript(lab, root, "seed.js");
  const pm2 = await openPm2Home(lab, path.join(lab.folder, "pm2"));
  await pm2.command(["start", "ecosystem.config.js"], root);
  const api = `http://127.0.0.1:${ports.api}`;
  await untilServing(api, GOOD_RELEASE, AbortSignal.timeout(START_LIMIT_MS));
  return {
    root,
    api,
    webSocket: `ws://127.0.0.1:${ports.webSocket}`,
    databaseUrl,
    rollbackUrl,
    calibration,
    rollwatch,
    pm2,
    async deploy(releaseId, installWith = "cache") {
      return deploy({ lab, root, repository, pm2 }, releaseId, installWith);
    },
    async served() {
      return askHealth(api);
    },
  };
}

/** The database and its roles; that of the rollback has no more rights than `rollwatch doctor` asks for. */
async function createDatabase(
  cluster: Cluster,
): Promise<Pick<RadiationSystem, "databaseUrl" | "rollbackUrl">> {
  const [password, other] = [randomBytes(12).toString("hex"), randomBytes(12).toString("hex")];
  await cluster.admin(`create role ${ROLE} login password '${password}'`);
  await cluster.admin(`
    create role ${ROLLBACK_ROLE} login createdb password '${other}';
    grant ${ROLE}, pg_signal_backend, pg_read_all_data to ${ROLLBACK_ROLE}`);
  await cluster.admin(`create database ${DATABASE} owner ${ROLE}`);
  return {
    databaseUrl: cluster.url(ROLE, password, DATABASE),
    rollbackUrl: cluster.url(ROLLBACK_ROLE, other, DATABASE),
  };
}

async function writeEnvironmentFile(
  root: string,
  variables: Readonly<Record<string, string>>,
): Promise<void> {
  const example = await readFile(path.join(EXAMPLE, ".env.example"), "utf8");
  const text = setVariables(example, variables);
  await writeFile(path.join(root, ".env"), text, { mode: 0o600 });
}

/** The team's deployment script: new commit, dependencies, `.env`, build, new migrations, services by name. */
async function deploy(
  host: {
    readonly lab: Lab;
    readonly root: string;
    readonly repository: Repository;
    readonly pm2: Pm2Home;
  },
  releaseId: string,
  installWith: "cache" | "npm",
): Promise<Deployment> {
  const { lab, root, repository, pm2 } = host;
  const release = await findRelease(releaseId);
  const commit = await repository.publish(release);
  const previous = await git(root, repository.env, ["rev-parse", "HEAD"]);
  const modulesBefore = await modulesHash(root);
  await git(root, repository.env, ["fetch", "--quiet", "--tags", "origin"]);
  await git(root, repository.env, ["checkout", "--quiet", "--detach", commit]);
  if ((await modulesHash(root)) !== modulesBefore) {
    await replaceModules(root, installWith);
  }
  const file = path.join(root, ".env");
  await writeFile(file, setVariables(await readFile(file, "utf8"), release.env));
  await chmod(file, 0o600);
  await runScript(lab, root, "build.js");
  const changed = ["diff", "--name-only", previous, commit, "--", "migrations"];
  if ((await git(root, repository.env, changed)) !== "") {
    await runScript(lab, root, "migrate.js");
  }
  const started = firstStart(pm2, SERVICES);
  const names = SERVICES.join(",");
  const args = ["startOrRestart", "ecosystem.config.js", "--only", names, "--update-env"];
  const [firstProcessAt] = await Promise.all([started, pm2.command(args, root)]);
  return { release: `v${release.version}`, commit, firstProcessAt };
}

async function runScript(lab: Lab, root: string, script: string): Promise<void> {
  const env = labEnvironment(lab.folder, {
    GIT_CONFIG_GLOBAL: "/dev/null",
    GIT_CONFIG_NOSYSTEM: "1",
  });
  await run(process.execPath, [path.join("scripts", script)], { cwd: root, env });
}
