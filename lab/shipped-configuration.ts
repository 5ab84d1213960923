import { readFile } from "node:fs/promises";
import path from "node:path";
import { type Difference, editConfiguration } from "./configuration.ts";
import { ROOT } from "./environment.ts";

/** Where a lab's system is, and how long a release must be healthy there to be proven. */
export interface Place {
  readonly root: string;
  readonly pm2Home: string;
  readonly state: string;
  /** host:port of rollwatch's own interface. */
  readonly listen: string;
  readonly api: string;
  readonly webSocket: string;
  readonly calibration: string;
  readonly registry: string;
  readonly bake: string;
  /** Where rollwatch finds the machine's /proc. Default /. */
  readonly host?: string;
}

const SHIPPED = path.join(ROOT, "config", "rollwatch.yaml");
const SHIPPED_API = "http://127.0.0.1:3000";
const SHIPPED_WEBSOCKET = "ws://127.0.0.1:3001";
const SHIPPED_CALIBRATION = "http://127.0.0.1:3002";
const SHIPPED_REGISTRY = "http://127.0.0.1:4873";
const SHIPPED_ROOT = "/srv/radiation-health";

/** The shipped configuration as it came, and as it is at a place: with other addresses, paths and bake time, nothing else. */
export async function shippedAt(place: Place): Promise<{
  readonly shipped: string;
  readonly text: string;
  readonly differences: readonly Difference[];
}> {
  const shipped = await readFile(SHIPPED, "utf8");
  const edited = editConfiguration(shipped, {
    values: {
      "application.pm2Home": place.pm2Home,
      "release.bake": place.bake,
      "server.listen": place.listen,
      "host.root": place.host ?? "/",
      state: place.state,
    },
    prefixes: {
      [SHIPPED_API]: place.api,
      [SHIPPED_WEBSOCKET]: place.webSocket,
      [SHIPPED_CALIBRATION]: place.calibration,
      [SHIPPED_REGISTRY]: place.registry,
      [SHIPPED_ROOT]: place.root,
    },
  });
  return { shipped, ...edited };
}
