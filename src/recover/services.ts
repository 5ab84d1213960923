import { dirname } from "node:path";
import type { Service, ServiceInstance } from "../model/service.ts";
import type { Definition } from "../system/pm2.ts";
import { isInStaging } from "./staging.ts";
import type { RecoveryPorts, StepPorts } from "./ports.ts";

/** Whether pm2 has nothing running for it and will start nothing by itself. */
export function isAtRest(instance: ServiceInstance): boolean {
  return instance.pid === 0 && (instance.status === "stopped" || instance.status === "errored");
}

/** Whether a process is there and pm2 neither waits for it to end nor to begin again. */
export function isUp(instance: ServiceInstance): boolean {
  return instance.pid !== 0 && (instance.status === "online" || instance.status === "launching");
}

/** A service as pm2 has it in this tick. */
export async function lookAt(
  ports: RecoveryPorts,
  name: string,
  signal: AbortSignal,
): Promise<Service> {
  const [service] = await ports.pm2.services([name], signal);
  return service ?? { name, instances: [] };
}

/** The captured definitions of one service. */
export async function capturedDefinitions(
  ports: RecoveryPorts,
  release: string,
  name: string,
): Promise<readonly Definition[]> {
  const definitions = await ports.catalogue.readDefinitions(release);
  return definitions.filter((definition) => definition.name === name);
}

/** Why a process is not one of the restored release: too old, gone, or at work in the wrong folder; undefined when it is. */
export async function whyNotRestored(
  ports: StepPorts,
  instance: ServiceInstance,
  definitions: readonly Definition[],
): Promise<string | undefined> {
  if (!isUp(instance)) {
    return `is ${instance.status}`;
  }
  if (instance.startedAt < ports.switchedAt) {
    return `still runs pid ${instance.pid} from before the switch`;
  }
  const facts = await ports.processes.look(instance.pid);
  if (facts === undefined) {
    return `has no process ${instance.pid}`;
  }
  const captured = definitions[0]?.options["pm_cwd"];
  const expected = typeof captured === "string" ? captured : instance.cwd;
  if (facts.cwd !== undefined && !(await isPlace(ports, expected, facts.cwd))) {
    return `runs in ${facts.cwd} instead of ${expected}`;
  }
  return undefined;
}

/** The kernel shows a folder without the links on the way to it, so behind a link any folder will do that is not staging. */
async function isPlace(ports: StepPorts, expected: string, actual: string): Promise<boolean> {
  if (isInStaging(actual) || actual.endsWith(" (deleted)")) {
    return false;
  }
  return (
    actual === expected ||
    actual.startsWith(`${expected}/`) ||
    (await isBehindLink(ports, expected))
  );
}

async function isBehindLink({ files }: StepPorts, path: string): Promise<boolean> {
  for (let part = path; part !== dirname(part); part = dirname(part)) {
    if ((await files.kind(part)) === "link") {
      return true;
    }
  }
  return false;
}
