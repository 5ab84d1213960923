import type { WarmPorts } from "../release/warm-database.ts";
import type { Daemon } from "./daemon.ts";

/** What makes databases beside the live one, for this daemon; undefined where no database is configured. */
export function warmPortsOf({
  config,
  world,
  catalogue,
}: Pick<Daemon, "config" | "world" | "catalogue">): WarmPorts | undefined {
  const { clock, files, warming } = world;
  return warming === undefined
    ? undefined
    : { clock, files, ...warming, catalogue, stateFolder: config.state };
}
