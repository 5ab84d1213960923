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

/** One service of a captured release. */
export interface CapturedService {
  readonly definitions: readonly Definition[];
  /** The folders in which its processes worked at the capture, by the kernel's word. */
  readonly workedIn: readonly string[];
}

/** What the captured release knows of one service. */
export async function capturedService(
  { catalogue }: RecoveryPorts,
  release: string,
  name: string,
): Promise<CapturedService> {
  const definitions = await catalogue.readDefinitions(release);
  const { services } = await catalogue.get(release);
  return {
    definitions: definitions.filter((definition) => definition.name === name),
    workedIn: services.find((service) => service.name === name)?.workedIn ?? [],
  };
}

/**
 * Why a process is not one of the restored release: too old, gone, or at work in the wrong folder; undefined when it is. One
 * that pm2 does not restart may have ended by itself since the switch.
 */
export async function whyNotRestored(
  ports: StepPorts,
  instance: ServiceInstance,
  captured: CapturedService,
): Promise<string | undefined> {
  const hasEnded = instance.status === "stopped" && !instance.autorestart;
  if (!isUp(instance) && !hasEnded) {
    return `is ${instance.status}`;
  }
  if (instance.startedAt < ports.switchedAt) {
    return hasEnded
      ? "was not started since the switch"
      : `still runs pid ${instance.pid} from before the switch`;
  }
  return hasEnded ? undefined : whyElsewhere(ports, instance, captured);
}

async function whyElsewhere(
  ports: StepPorts,
  { pid, cwd }: ServiceInstance,
  { definitions, workedIn }: CapturedService,
): Promise<string | undefined> {
  const facts = await ports.processes.look(pid);
  if (facts === undefined) {
    return `has no process ${pid}`;
  }
  const actual = facts.cwd;
  if (actual === undefined) {
    return undefined;
  }
  const captured = definitions[0]?.options["pm_cwd"];
  const expected = typeof captured === "string" ? captured : cwd;
  const isGone = isInStaging(actual) || actual.endsWith(" (deleted)");
  const isKnown = workedIn.includes(actual) || (await isPlace(ports, expected, actual));
  return isGone || !isKnown ? `runs in ${actual} instead of ${expected}` : undefined;
}

/** The kernel shows a folder without the links on the way to it, so behind a link any folder will do. */
async function isPlace(ports: StepPorts, expected: string, actual: string): Promise<boolean> {
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
