import { Failure } from "../../../src/model/failure.ts";
import type { Pm2Daemon, Service, ServiceInstance } from "../../../src/model/service.ts";
import type { Definition, Pm2 } from "../../../src/system/pm2.ts";
import type { ProcessMetric, ProcessMetrics } from "../../../src/system/pm2-metrics.ts";
import { definitionHash } from "../../../src/system/pm2-definition.ts";

interface Held {
  readonly name: string;
  readonly definition: Definition;
  readonly instance: ServiceInstance;
}

/** What is done to any service, or to one process. */
type Effect = "stop" | "restart" | "replace" | "save" | `restart ${number}`;

/** A pm2 in memory. Scripted by `add`, `change` and `setDaemon`; `calls` lists every effect, such as `stop 0`. */
export interface FakePm2 extends Pm2 {
  readonly calls: readonly string[];
  /** Makes a service known and online; each call adds one instance. Returns its id. */
  add(name: string, definition?: Partial<Pick<Definition, "options" | "env">>): number;
  /** Overwrites facts of every instance of a service, such as `{ status: "errored", pid: 0 }`. */
  change(name: string, facts: Partial<ServiceInstance>): void;
  /** Forgets a service, as a person's `pm2 delete` does. */
  remove(name: string): void;
  /** What every running process of a service tells of itself from now on; each call adds those of one more process. */
  tellMetrics(name: string, metrics: Readonly<Record<string, ProcessMetric>>): void;
  setDaemon(daemon: Pm2Daemon): void;
  /** The next such effect throws this, or the next `times` of them do. */
  failNext(effect: Effect, error: Error, times?: number): void;
  /** Why pm2 is busy from now on; null when it is not. */
  setBusy(reason: string | null): void;
  /** What the pm2 program says that it is, from now on; the daemon is 7.0.4. */
  setProgramVersion(version: string): void;
  /** The services that the dump names; undefined without one. `save` makes one of all. */
  setDump(names: readonly string[] | undefined): void;
}

/** Makes a fake pm2 with a living daemon and no services. `now` is the time that starts are stamped with. */
export function fakePm2(now: () => number = () => 1_000_000): FakePm2 {
  const held = new Map<number, Held>();
  const failures = new Map<string, readonly Error[]>();
  const calls: string[] = [];
  const told: ProcessMetrics[] = [];
  let daemon: Pm2Daemon = { kind: "alive", pid: 100, startedAt: now(), version: "7.0.4" };
  let busy: string | null = null;
  let dump: readonly string[] | undefined;
  let version = "7.0.4";
  let lastId = -1;
  let starts = 0;

  function requireDaemon(): void {
    if (daemon.kind !== "alive") {
      throw new Failure("pm2-unreachable", `pm2 is ${daemon.kind}: ${daemon.reason}`, {
        hint: "start it",
      });
    }
  }

  function effect(name: string, detail: string, signal: AbortSignal): void {
    signal.throwIfAborted();
    requireDaemon();
    const call = `${name} ${detail}`.trim();
    calls.push(call);
    for (const key of [call, name]) {
      const [failure, ...later] = failures.get(key) ?? [];
      if (failure !== undefined) {
        failures.set(key, later);
        throw failure;
      }
    }
  }

  function find(service: string, id: number): Held {
    const found = held.get(id);
    if (found?.name !== service) {
      throw new Failure("service-unknown", `pm2 has no process ${id}`, {
        hint: "list the services",
      });
    }
    return found;
  }

  function started(definition: Definition, id: number, restarts: number): ServiceInstance {
    starts += 1;
    return {
      id,
      uniqueId: `start-${starts}`,
      pid: 1000 + starts,
      status: "online",
      restarts,
      startedAt: now() + starts,
      cwd: textOf(definition.options["pm_cwd"], "/app"),
      script: textOf(definition.options["pm_exec_path"], "/app/server.js"),
      autorestart: definition.options["autorestart"] !== false,
      killTimeoutMs: 1600,
      waitReady: false,
      listenTimeoutMs: 3000,
      definitionHash: definition.hash,
    };
  }

  function put(definition: Definition): number {
    lastId += 1;
    held.set(lastId, {
      name: definition.name,
      definition,
      instance: started(definition, lastId, 0),
    });
    return lastId;
  }

  function of(name: string): readonly Held[] {
    return [...held.values()].filter((one) => one.name === name);
  }

  function forget(name: string): void {
    for (const one of of(name)) {
      held.delete(one.instance.id);
    }
  }

  return {
    calls,
    add(name, definition = {}) {
      const options = definition.options ?? {
        pm_exec_path: "/app/server.js",
        pm_cwd: "/app",
        exec_mode: "fork_mode",
        autorestart: true,
      };
      const env = definition.env ?? {};
      return put({ name, hash: definitionHash({ name, options, env }), options, env });
    },
    change(name, facts) {
      for (const one of of(name)) {
        held.set(one.instance.id, { ...one, instance: { ...one.instance, ...facts } });
      }
    },
    remove: forget,
    tellMetrics(service, metrics) {
      told.push({ service, pid: 1000 + told.length, metrics: new Map(Object.entries(metrics)) });
    },
    setDaemon(next) {
      daemon = next;
    },
    failNext(name, error, times = 1) {
      failures.set(
        name,
        Array.from({ length: times }, () => error),
      );
    },
    setBusy(reason) {
      busy = reason;
    },
    setProgramVersion(next) {
      version = next;
    },
    setDump(names) {
      dump = names;
    },
    async daemon(signal) {
      signal.throwIfAborted();
      return daemon;
    },
    async names(signal) {
      signal.throwIfAborted();
      requireDaemon();
      return [...new Set([...held.values()].map((one) => one.name))];
    },
    async services(names, signal): Promise<readonly Service[]> {
      signal.throwIfAborted();
      requireDaemon();
      return names.map((name) => ({ name, instances: of(name).map((one) => one.instance) }));
    },
    async metrics(names, signal) {
      signal.throwIfAborted();
      requireDaemon();
      return told.filter(({ service }) => names.includes(service));
    },
    async definitions(names, signal) {
      signal.throwIfAborted();
      requireDaemon();
      return names.flatMap((name) => of(name).map((one) => one.definition));
    },
    async stop({ service, id }, signal) {
      effect("stop", String(id), signal);
      const one = find(service, id);
      held.set(id, { ...one, instance: { ...one.instance, status: "stopped", pid: 0 } });
    },
    async restart({ service, id }, signal) {
      effect("restart", String(id), signal);
      const one = find(service, id);
      const wasRunning = one.instance.pid !== 0;
      const restarts = one.instance.restarts + (wasRunning ? 1 : 0);
      held.set(id, { ...one, instance: started(one.definition, id, restarts) });
    },
    async replace(name, definitions, signal) {
      effect("replace", name, signal);
      if (definitions.length === 0) {
        throw new Failure("service-unknown", `no definition of ${name}`, { hint: "capture it" });
      }
      forget(name);
      for (const definition of definitions) {
        put({ ...definition, hash: definitionHash(definition) });
      }
    },
    async dumped() {
      return dump;
    },
    async save(signal) {
      effect("save", "", signal);
      dump = [...held.values()].map(({ name }) => name);
    },
    async programVersion(signal) {
      signal.throwIfAborted();
      requireDaemon();
      return version;
    },
    async busy() {
      return busy;
    },
  };
}

function textOf(option: unknown, absent: string): string {
  return typeof option === "string" ? option : absent;
}
