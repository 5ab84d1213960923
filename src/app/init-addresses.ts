import type { Service } from "../model/service.ts";
import type { Listener, Listeners } from "../system/listeners.ts";
import type { Definition } from "../system/pm2.ts";

/** An address where a service of the application answers. */
export interface Origin {
  readonly service: string;
  /** Such as `127.0.0.1:3000`. */
  readonly host: string;
  /** How it was found, for people. */
  readonly how: string;
}

/** A service that listens on more ports than this does more than serve. */
const MAX_PORTS = 5;

/** Where the services listen: what the kernel shows of their processes, else what their PORT says. */
export async function findOrigins(
  listeners: Listeners,
  application: {
    readonly services: readonly Service[];
    readonly definitions: readonly Definition[];
  },
  pm2Pid: number,
  signal: AbortSignal,
): Promise<readonly Origin[]> {
  const origins: Origin[] = [];
  for (const { name, instances } of application.services) {
    const own = application.definitions.find((one) => one.name === name);
    // In a cluster pm2's own process listens for its workers, of all clusters.
    const isCluster = own?.options["exec_mode"] === "cluster_mode";
    const pids = instances.map(({ pid }) => pid).filter((pid) => pid > 0);
    const found = await listenersOf(listeners, pids, signal);
    const port = portOf(own);
    const shared =
      isCluster && pids.length > 0 ? await listenersOf(listeners, [pm2Pid], signal) : [];
    const inCluster = port === undefined ? shared : shared.filter((one) => one.port === port);
    const how = "its process listens there";
    const all = [...found, ...inCluster].slice(0, MAX_PORTS);
    const listening = all.map((one) => ({ service: name, host: hostOf(one), how }));
    const guess = { service: name, host: `127.0.0.1:${port ?? 0}`, how: "PORT says so" };
    origins.push(...(listening.length > 0 || port === undefined ? listening : [guess]));
  }
  return unique(origins);
}

async function listenersOf(
  listeners: Listeners,
  pids: readonly number[],
  signal: AbortSignal,
): Promise<readonly Listener[]> {
  const found = await Promise.all(
    pids.filter((pid) => pid > 0).map(async (pid) => listeners.of(pid, signal)),
  );
  return found.flat();
}

function portOf(definition: Definition | undefined): number | undefined {
  const port = Number(definition?.env["PORT"] ?? "");
  return Number.isInteger(port) && port > 0 && port <= 65_535 ? port : undefined;
}

/** The address by which this host reaches what is bound there. */
function hostOf({ host, port }: Listener): string {
  if (host === "0.0.0.0" || host === "::") {
    return `127.0.0.1:${port}`;
  }
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Each address once, for the first service that has it. */
function unique(origins: readonly Origin[]): readonly Origin[] {
  return origins.filter(
    ({ host }, place) => origins.findIndex((other) => other.host === host) === place,
  );
}
