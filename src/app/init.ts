import { isAbsolute, join, resolve } from "node:path";
import { cwd, getuid } from "node:process";
import { processEnvironment } from "../config/environment.ts";
import { loadConfig } from "../config/load.ts";
import { ConfigInvalid, formatProblem } from "../config/problem.ts";
import { Failure } from "../model/failure.ts";
import type { InitOutcome, InitReport, InitRequest } from "../model/init.ts";
import { isInside } from "../release/paths.ts";
import { openClock } from "../system/clock.ts";
import { openFiles } from "../system/files.ts";
import { openGit } from "../system/git.ts";
import { openHttp } from "../system/http.ts";
import { openListeners } from "../system/listeners.ts";
import { openPm2 } from "../system/pm2.ts";
import { openDatabase } from "../system/postgres.ts";
import { openProcesses } from "../system/process.ts";
import { openWebsocket } from "../system/websocket.ts";
import { type Application, choiceOf, listApplications } from "./init-applications.ts";
import { draftConfiguration } from "./init-draft.ts";
import { type DraftedSignal, draftSignals } from "./init-draft-signals.ts";
import type { InitPorts } from "./init-ports.ts";
import { checksOf, findingsOf } from "./init-report.ts";
import { type Survey, surveyApplication } from "./init-survey.ts";
import { childEnvironment } from "./world.ts";

const OUTPUT = "rollwatch.yaml";

/** Drafts a configuration for an application of this host, and writes nothing else. */
export async function runInit(request: InitRequest, signal: AbortSignal): Promise<InitOutcome> {
  const environment = processEnvironment();
  const clock = openClock();
  const files = openFiles();
  const processes = openProcesses(clock);
  const children = childEnvironment(environment);
  const ports: InitPorts = {
    clock,
    files,
    environment,
    git: openGit(processes, children, clock),
    http: openHttp(clock),
    websocket: openWebsocket(clock),
    listeners: openListeners(),
    uid: getuid?.() ?? 0,
    cwd: cwd(),
    openPm2: (home) =>
      openPm2({ home, program: "pm2", environment: children }, { clock, files, processes }),
    openDatabase: (url, migrations) =>
      openDatabase({ url, ...(migrations === undefined ? {} : { migrations }) }, clock),
  };
  return initialise(ports, request, signal);
}

/** Reads an application over the ports and writes its configuration. */
export async function initialise(
  ports: InitPorts,
  request: InitRequest,
  signal: AbortSignal,
): Promise<InitOutcome> {
  const file = resolve(ports.cwd, request.output ?? OUTPUT);
  if (!request.force && (await ports.files.kind(file)) !== "absent") {
    return { kind: "exists", file };
  }
  const home = pm2HomeOf(ports, request);
  const pm2 = ports.openPm2(home);
  const daemon = await pm2.daemon(signal);
  if (daemon.kind !== "alive") {
    throw new Failure("pm2-unreachable", `no pm2 answers in ${home}: ${daemon.reason}`, {
      hint: "Run this as the user who owns the application's pm2, and name its home with --pm2-home.",
    });
  }
  const applications = await listApplications({ pm2, git: ports.git }, home, signal);
  const root = request.root === undefined ? undefined : resolve(ports.cwd, request.root);
  const chosen = choose(applications, root);
  if (chosen === undefined) {
    const choices = applications.map(choiceOf);
    return root === undefined ? { kind: "several", choices } : { kind: "elsewhere", root, choices };
  }
  const survey = await surveyApplication(ports, chosen, { ...daemon, home }, signal);
  const signals = draftSignals(survey);
  await ports.files.writeAtomic(file, draftConfiguration(survey, signals), 0o600);
  return { kind: "written", report: await reportOf(ports, { survey, signals, file }) };
}

function pm2HomeOf({ environment, cwd: folder }: InitPorts, request: InitRequest): string {
  const { PM2_HOME: named, HOME: home } = environment;
  const usual = join(home ?? "/root", ".pm2");
  const chosen = request.pm2Home ?? (named === undefined || named === "" ? usual : named);
  return isAbsolute(chosen) ? resolve(chosen) : resolve(folder, chosen);
}

/** The only application, or the one at the root. */
function choose(
  applications: readonly Application[],
  root: string | undefined,
): Application | undefined {
  const usable = applications.filter(({ services }) => services.length > 0);
  if (usable.length === 0) {
    throw new Failure("service-unknown", "this pm2 keeps no service that rollwatch could watch", {
      hint: "Start the application with `pm2 start`, or name another pm2 with --pm2-home.",
    });
  }
  if (root !== undefined) {
    return usable.find((one) => isInside(root, one.root));
  }
  return usable.length === 1 ? usable[0] : undefined;
}

interface Written {
  readonly survey: Survey;
  readonly signals: readonly DraftedSignal[];
  readonly file: string;
}

async function reportOf(ports: InitPorts, written: Written): Promise<InitReport> {
  const { survey, signals, file } = written;
  const { application, origins, database } = survey;
  const inside = isInside(file, application.root)
    ? ["The file lies in the application's own folder: move it where no deployment sweeps it away."]
    : [];
  return {
    file,
    application: survey.name,
    root: application.root,
    pm2Home: survey.pm2Home,
    services: application.services.map(({ name, instances }) => ({
      name,
      status: instances[0]?.status ?? "unknown",
      addresses: origins.filter(({ service }) => service === name).map(({ host }) => host),
    })),
    signals: signals.map(({ name }) => name),
    found: [...findingsOf(survey)],
    check: [...checksOf(survey), ...inside],
    variables:
      database === undefined
        ? []
        : [
            {
              name: database.variable,
              holds: `the address of the database, as in ${database.from}`,
            },
          ],
    problems: [...(await problemsOf(ports, written))],
    next: nextOf(survey, file),
  };
}

/** What `config validate` would say once the variables are set. */
async function problemsOf(
  { environment }: InitPorts,
  { survey, file }: Written,
): Promise<readonly string[]> {
  const { database } = survey;
  const { PM2_HOME: _home, pm_id: _id, ...shell } = environment;
  const variables = database === undefined ? {} : { [database.variable]: database.url };
  try {
    await loadConfig(file, { ...shell, ...variables });
    return [];
  } catch (error) {
    if (error instanceof ConfigInvalid) {
      return error.problems.map(formatProblem);
    }
    throw error;
  }
}

function nextOf({ database, state }: Survey, file: string): string[] {
  const settings = `${state}.env`;
  const setting =
    database === undefined
      ? []
      : [
          `install -D -m 600 /dev/null ${settings}`,
          `$EDITOR ${settings}    # ${database.variable}='postgresql://user:password@host:5432/name'`,
          `set -a; . ${settings}; set +a`,
        ];
  const commands = ["config validate", "doctor", "run"].map(
    (command) => `rollwatch ${command} --config ${file}`,
  );
  return [...setting, ...commands];
}
