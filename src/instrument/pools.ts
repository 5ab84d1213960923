import Module from "node:module";
import type { PageMetric } from "./page.ts";
import { quietly } from "./quietly.ts";

/** Every pool of `pg` that this process made and still has. */
export interface Pools {
  metrics(): readonly PageMetric[];
}

/** A pool as the package `pg-pool` has it. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

interface Known {
  readonly id: string;
  readonly pool: WeakRef<object>;
}

const PACKAGE = /^pg-pool$|[\\/]pg-pool[\\/]index\.js$/u;
const FIGURES = [
  ["pg_pool_total_connections", "totalCount"],
  ["pg_pool_idle_connections", "idleCount"],
  ["pg_pool_waiting_requests", "waitingCount"],
] as const;

/**
 * Watches for `pg-pool`, whenever and however it is loaded: an ESM application, too, loads it as the CommonJS that it is. Node has no
 * channel for this, so the loader is looked over, and a pool is known from the first time that it is asked for a connection.
 */
export function watchPools(): Pools {
  const known: Known[] = [];
  const seen = new WeakSet<object>();
  let pools = 0;

  function meet(pool: object): void {
    if (!seen.has(pool)) {
      seen.add(pool);
      known.push({ id: String(pools), pool: new WeakRef(pool) });
      pools += 1;
    }
  }

  onLoad((exported) => watchConnect(exported, meet));

  return {
    metrics: () => {
      const living = known.flatMap(({ id, pool }) => {
        const one = pool.deref();
        return one !== undefined && isPool(one) ? [{ id, pool: one }] : [];
      });
      return FIGURES.map(([name, figure]) => ({
        name,
        type: "gauge",
        series: living.map(({ id, pool }) => ({ labels: { pool: id }, value: pool[figure] })),
      }));
    },
  };
}

/** Calls `use` with what the package exports, each time that it is asked for. */
function onLoad(use: (exported: unknown) => void): void {
  const load: unknown = Reflect.get(Module, "_load");
  if (typeof load !== "function") {
    return;
  }
  Reflect.set(Module, "_load", function loadAndLook(this: unknown, ...args: readonly unknown[]) {
    const exported: unknown = Reflect.apply(load, this, args);
    if (typeof args[0] === "string" && PACKAGE.test(args[0])) {
      quietly(() => use(exported));
    }
    return exported;
  });
}

const WATCHED = Symbol.for("rollwatch.pool");

function watchConnect(exported: unknown, meet: (pool: object) => void): void {
  const prototype: unknown =
    typeof exported === "function" ? Reflect.get(exported, "prototype") : undefined;
  if (typeof prototype !== "object" || prototype === null || Reflect.has(prototype, WATCHED)) {
    return;
  }
  const found = Object.getOwnPropertyDescriptor(prototype, "connect");
  const connect: unknown = found?.value;
  if (found === undefined || typeof connect !== "function") {
    return;
  }
  const call = connect;
  function watched(this: object, ...args: readonly unknown[]): unknown {
    quietly(() => meet(this));
    return Reflect.apply(call, this, args);
  }
  Object.defineProperty(watched, "length", { value: connect.length, configurable: true });
  Object.defineProperty(watched, "name", { value: connect.name, configurable: true });
  Object.defineProperty(prototype, "connect", { ...found, value: watched });
  Object.defineProperty(prototype, WATCHED, { value: true });
}

function isPool(value: object): value is Pool {
  return (
    Reflect.get(value, "ended") !== true &&
    FIGURES.every(([, figure]) => typeof Reflect.get(value, figure) === "number")
  );
}
