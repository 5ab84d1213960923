import { isIP } from "node:net";
import type { Config } from "../config/schema.ts";
import type { ControlSettings } from "../observe/controls.ts";

/** Where the controls look: the application's folders and services, its upstreams, and the names of the hosts it needs. */
export function controlSettingsOf({ application, database, state }: Config): ControlSettings {
  const { root, services, upstreams } = application;
  const urls = [
    ...(database === undefined ? [] : [database.url]),
    ...upstreams.map((one) => one.url),
  ];
  return {
    root,
    state,
    services: services.map(({ name }) => name),
    upstreams,
    hosts: [...new Set(urls.flatMap(hostNameOf))],
  };
}

/** The host's name; none where it is an address, this machine, or a socket's folder. */
function hostNameOf(url: string): readonly string[] {
  const name = new URL(url).hostname.replace(/^\[|\]$/gu, "");
  return name === "" || name === "localhost" || name.includes("%") || isIP(name) !== 0
    ? []
    : [name];
}
