import { tellTime } from "../model/units.ts";
import { isOlderThan } from "./older-process.ts";
import {
  type DoctorPorts,
  type Examination,
  type Finding,
  ok,
  warning,
} from "./doctor-examination.ts";

/** Whether what lies on the disk is what runs, of an application that need not serve a release id. */
export const RUNNING: readonly Examination[] = [
  { area: "release", check: "running code", look: lookAtProcesses },
];

/** A process reads its code when it starts: one that is older than the commit on the disk runs another. */
async function lookAtProcesses(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const { root, source, services } = config.application;
  const movedAt = source === "git" ? await world.git.headMovedAt(root, signal) : null;
  if (movedAt === null) {
    return [];
  }
  const known = await world.pm2.services(
    services.map(({ name }) => name),
    signal,
  );
  const old = known.filter((service) => isOlderThan(service, movedAt));
  const moved = `HEAD last moved at ${tellTime(movedAt)}`;
  return old.length === 0
    ? [ok("running code", `${moved}, every process was started since`)]
    : [
        warning(
          "running code",
          `${old.map(({ name }) => name).join(", ")} started before ${moved} and may run other code than what is on the disk`,
          "A release is captured from the disk: restart what is older (or let the deployment do it) before a release is proven.",
        ),
      ];
}
