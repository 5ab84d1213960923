import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import type { Config } from "../config/schema.ts";
import { traitsOf } from "../observe/probes/index.ts";
import {
  type DoctorPorts,
  type Examination,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";

/** Whether a broken way to an application on another host can be told from a broken release. */
export const UPSTREAMS: readonly Examination[] = [
  { area: "probes", check: "way to the application", look: async (ports) => lookAtWay(ports) },
];

function lookAtWay({ config }: DoctorPorts): readonly Finding[] {
  const check = "way to the application";
  const own = ownAddresses();
  const remote = [...new Set(hostsOf(config))].filter((host) => !isOwn(host, own));
  if (remote.length === 0) {
    return [];
  }
  const { upstreams } = config.application;
  const asked = `the probes ask ${remote.join(", ")}, which is not this host`;
  return [
    upstreams.length > 0
      ? ok(
          check,
          `${asked}; ${upstreams.map(({ name }) => name).join(", ")} tell when the way breaks`,
        )
      : warning(
          check,
          `${asked}, and no control tells when the way there breaks: that would accuse the release`,
          "Name in application.upstreams something else on that way, such as its gateway or another program of that host.",
        ),
  ];
}

/** The hosts on which probes ask the application. */
function hostsOf({ signals, application }: Config): readonly string[] {
  const urls = signals.flatMap(({ probe }) => {
    const { url, alsoAsks = [] } = traitsOf(probe, application.services.length);
    return url === undefined ? [...alsoAsks] : [url, ...alsoAsks];
  });
  return urls.map((url) => new URL(url).hostname.replaceAll(/[[\]]/gu, ""));
}

function ownAddresses(): ReadonlySet<string> {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return new Set([...all.map(({ address }) => address), hostname()]);
}

function isOwn(host: string, own: ReadonlySet<string>): boolean {
  return (
    own.has(host) ||
    /(?:^|\.)localhost$/u.test(host) ||
    (isIP(host) === 4 && host.startsWith("127.")) ||
    ["::1", "0.0.0.0", "::"].includes(host)
  );
}
