import { resolve, sep } from "node:path";
import type { ApplicationSettings } from "../model/application.ts";
import type { PeopleSettings } from "../model/people.ts";
import type { VerifySettings } from "../verify/settings.ts";
import type { NotifySettings } from "../notify/settings.ts";
import type { StatusPageSettings } from "../notify/status-page/settings.ts";
import { traitsOf } from "../observe/probes/index.ts";
import { uselessBaseline } from "./check-baseline.ts";
import { uselessBurnRate } from "./check-burn-rate.ts";
import { uselessConfirmation } from "./check-confirmation.ts";
import { checkOrder } from "./check-order.ts";
import { checkDuty, checkLinks, checkMembers, checkPeople } from "./check-people.ts";
import { checkStatusPage } from "./check-status-page.ts";
import type { Environment } from "./environment.ts";
import { duplicates, notOneOf } from "./name-findings.ts";
import { unprovableShare } from "./provable-share.ts";
import type { Finding, KeyPath } from "./problem.ts";
import type { ServerSettings, SignalSettings } from "./schema.ts";

/** The parts of a configuration that could be read; the checks between them run on what is there. */
export interface Sections {
  readonly application: ApplicationSettings | undefined;
  readonly signals: readonly SignalSettings[] | undefined;
  readonly verify: VerifySettings | undefined;
  readonly notify: NotifySettings | undefined;
  readonly people: PeopleSettings | undefined;
  readonly server: ServerSettings | undefined;
  readonly statusPage?: StatusPageSettings | undefined;
  readonly state: string | undefined;
  /** As it is written, right or wrong; absent when there is none. */
  readonly database?: unknown;
}

/** Socket names are limited to 104 bytes on the strictest system; pm2 hangs beyond it instead of saying so. */
const MAX_SOCKET_BYTES = 103;

/** Everything that is wrong between keys that are right by themselves. */
export function crossCheck(sections: Sections, environment: Environment): readonly Finding[] {
  const { application, signals, verify, notify, people, state, database } = sections;
  return [
    ...(application === undefined ? [] : checkApplication(application, environment)),
    ...(signals === undefined ? [] : checkSignals(signals, application)),
    ...(signals === undefined || database !== undefined ? [] : missingDatabase(signals)),
    ...(signals === undefined ? [] : uncapturedLockfile(signals, application)),
    ...(verify === undefined ? [] : checkVerify(verify)),
    ...(notify === undefined ? [] : checkRoutes(notify)),
    ...(people === undefined
      ? []
      : [...checkPeople(people), ...checkMembers(people), ...linksOf(people, sections)]),
    ...checkStatusPage(sections),
    ...(state === undefined ? [] : checkState(state, application)),
  ];
}

function checkApplication(
  application: ApplicationSettings,
  environment: Environment,
): readonly Finding[] {
  const names = application.services.map((service) => service.name);
  const findings = duplicates(names, (index) => ["application", "services", index, "name"]);
  const { serving, pm2Home } = application;
  if (serving !== undefined && !names.includes(serving)) {
    findings.push(notOneOf(["application", "serving"], serving, names, "a service of this file"));
  }
  const upstreams = application.upstreams.map((upstream) => upstream.name);
  findings.push(...duplicates(upstreams, (index) => ["application", "upstreams", index, "name"]));
  findings.push(...checkSource(application), ...checkOrder(application));
  const ownHome = ownPm2Home(environment);
  if (ownHome !== undefined && resolve(ownHome) === resolve(pm2Home)) {
    findings.push({
      path: ["application", "pm2Home"],
      expected: "another pm2 home than rollwatch's own",
      found: `"${pm2Home}", where rollwatch itself runs`,
      hint: "start rollwatch with PM2_HOME=<state>/pm2, or `pm2 stop all` there would stop it too",
    });
  }
  return [...findings, ...tooLongForSocket(["application", "pm2Home"], pm2Home, "rpc.sock")];
}

/** The file that stands for a release goes with one source alone. */
function checkSource({ source, artifact }: ApplicationSettings): readonly Finding[] {
  const path = ["application", "artifact"];
  if (source === "artifact" && artifact === undefined) {
    const hint = "name the file that is deployed, such as dist/app.tgz";
    return [{ path, expected: "a file for the source `artifact`", found: "nothing", hint }];
  }
  if (source !== "artifact" && artifact !== undefined) {
    const hint = "set application.source to artifact, or remove the key";
    return [
      { path, expected: `no such key for the source \`${source}\``, found: `"${artifact}"`, hint },
    ];
  }
  return [];
}

/** The pm2 home this process belongs to; pm2 falls back to ~/.pm2 and then tells its children nothing but `pm_id`. */
function ownPm2Home(environment: Environment): string | undefined {
  const { PM2_HOME: home, HOME: userHome, pm_id: id } = environment;
  if (home !== undefined && home !== "") {
    return home;
  }
  return id !== undefined && userHome !== undefined ? `${userHome}/.pm2` : undefined;
}

function checkSignals(
  signals: readonly SignalSettings[],
  application: ApplicationSettings | undefined,
): readonly Finding[] {
  const findings = duplicates(
    signals.map((signal) => signal.name),
    (index) => ["signals", index, "name"],
  );
  for (const [index, signal] of signals.entries()) {
    findings.push(
      ...unknownService(signal, index, application),
      ...unreachableLimit(signal, index, application),
      ...unfillableWindow(signal, index),
      ...unprovableShare(signal, index),
      ...uselessConfirmation(signal, index),
      ...uselessBaseline(signal, index),
      ...uselessBurnRate(signal, index),
    );
  }
  return findings;
}

/** A service that nobody knows is never restarted, and its stop explains nothing. */
function unknownService(
  { service, probe }: SignalSettings,
  index: number,
  application: ApplicationSettings | undefined,
): readonly Finding[] {
  const names = application?.services.map(({ name }) => name) ?? [];
  const named = [
    { path: ["signals", index, "service"], name: service },
    { path: ["signals", index, "probe", "service"], name: traitsOf(probe, 0).service },
  ];
  return named.flatMap(({ path, name }) =>
    application === undefined || name === undefined || names.includes(name)
      ? []
      : [notOneOf(path, name, names, "a service of this file")],
  );
}

/** A probe that compares lock files needs them in the captured releases. */
function uncapturedLockfile(
  signals: readonly SignalSettings[],
  application: ApplicationSettings | undefined,
): readonly Finding[] {
  const { lockfile = "", artifacts = [] } = application ?? {};
  const isCaptured = artifacts.some((one) => lockfile === one || lockfile.startsWith(`${one}/`));
  const asking = signals.findIndex(({ probe }) => probe.kind === "advisories");
  return application === undefined || asking === -1 || isCaptured
    ? []
    : [
        {
          path: ["signals", asking, "probe", "kind"],
          expected: "a probe that needs no lock file in the captured releases",
          found: '"advisories"',
          hint: `add ${lockfile} to application.artifacts, or remove the signal`,
        },
      ];
}

/** A probe that asks the database needs its address. */
function missingDatabase(signals: readonly SignalSettings[]): readonly Finding[] {
  return signals.flatMap(({ probe, name }, index) =>
    needsDatabase(probe)
      ? [
          {
            path: ["signals", index, "probe", "kind"],
            expected: "a probe that needs no database",
            found: `"${probe.kind}"`,
            hint: `add the group "database" with its url, or remove the signal ${name}`,
          },
        ]
      : [],
  );
}

function needsDatabase(probe: SignalSettings["probe"]): boolean {
  if (probe.kind === "synthetic-alert") {
    const { sql, databaseUrl } = probe.cleanUp;
    return probe.expectRow !== undefined || (sql !== undefined && databaseUrl === undefined);
  }
  return probe.kind === "postgres" || probe.kind === "sql";
}

/** A limit that the largest possible value does not exceed never fires. */
function unreachableLimit(
  signal: SignalSettings,
  index: number,
  application: ApplicationSettings | undefined,
): readonly Finding[] {
  const { largest, unit } = traitsOf(signal.probe, application?.services.length ?? Infinity);
  if (largest === undefined || signal.limit < largest) {
    return [];
  }
  const measured = `its probe measures at most ${largest} (${unit})`;
  return [
    {
      path: ["signals", index, "limit"],
      expected: `a limit below ${largest}`,
      found: String(signal.limit),
      hint: `this signal could never fire: ${measured}; lower the limit`,
    },
  ];
}

/** A window that cannot hold its minimum of samples never says anything. */
function unfillableWindow(signal: SignalSettings, index: number): readonly Finding[] {
  const { window, minSamples, probe } = signal;
  const room = window.kind === "last" ? 1 : Math.floor(window.ms / probe.interval);
  // One look at counters tells of any number of requests.
  const isCounting = traitsOf(probe, 0).judgedBy.endsWith("share");
  if (minSamples <= room || (isCounting && room > 0)) {
    return [];
  }
  const reason =
    window.kind === "last"
      ? "window `last` judges one sample at a time"
      : `its window holds ${room} samples at this interval`;
  return [
    {
      path: ["signals", index, room === 0 ? "window" : "minSamples"],
      expected: room === 0 ? "a window longer than the probe's interval" : `at most ${room}`,
      found: room === 0 && window.kind === "span" ? `${window.ms / 1000}s` : String(minSamples),
      hint: `this signal could never fire: ${reason}; widen the window or ask for fewer`,
    },
  ];
}

function checkVerify(verify: VerifySettings): readonly Finding[] {
  if (verify.timeout > verify.settle + verify.steady) {
    return [];
  }
  return [
    {
      path: ["verify", "timeout"],
      expected: "more than settle and steady together",
      found: `${verify.timeout / 1000}s for ${(verify.settle + verify.steady) / 1000}s`,
      hint: "no rollback could ever be proven; lengthen the timeout or shorten the others",
    },
  ];
}

function checkRoutes(notify: NotifySettings): readonly Finding[] {
  const channels = Object.keys(notify.channels);
  const unknown = Object.entries(notify.routes).flatMap(([route, names]) =>
    names.flatMap((name, index) =>
      channels.includes(name)
        ? []
        : [notOneOf(["notify", "routes", route, index], name, channels, "a channel of this file")],
    ),
  );
  const idle = notify.routes.fallback.flatMap((name, index) =>
    notify.routes.page.includes(name)
      ? [
          {
            path: ["notify", "routes", "fallback", index],
            expected: "a channel that is not in notify.routes.page",
            found: name,
            hint: "it has every page already: name another, or take it out",
          },
        ]
      : [],
  );
  return [...unknown, ...idle];
}

function linksOf(
  people: PeopleSettings,
  { notify, server }: Pick<Sections, "notify" | "server">,
): readonly Finding[] {
  const channels = Object.keys(notify?.channels ?? {});
  return notify === undefined
    ? []
    : [
        ...checkLinks(people, channels, server?.publicUrl !== undefined),
        ...checkDuty(people, channels),
      ];
}

function checkState(
  state: string,
  application: ApplicationSettings | undefined,
): readonly Finding[] {
  const findings = [...tooLongForSocket(["state"], state, "rollwatch.sock")];
  if (application !== undefined && isInside(state, application.root)) {
    findings.push({
      path: ["state"],
      expected: "a folder outside application.root",
      found: `"${state}"`,
      hint: "a deployment or a rollback would sweep it away; use one like /var/lib/rollwatch",
    });
  }
  return findings;
}

function tooLongForSocket(path: KeyPath, folder: string, socket: string): readonly Finding[] {
  const longest = MAX_SOCKET_BYTES - socket.length - 1;
  const bytes = new TextEncoder().encode(resolve(folder)).length;
  if (bytes <= longest) {
    return [];
  }
  return [
    {
      path,
      expected: `a path of at most ${longest} bytes`,
      found: `${bytes} bytes`,
      hint: `the socket ${socket} in it would have too long a name; use a shorter path`,
    },
  ];
}

function isInside(path: string, folder: string): boolean {
  const outer = resolve(folder);
  const inner = resolve(path);
  return inner === outer || inner.startsWith(outer === sep ? sep : `${outer}${sep}`);
}
