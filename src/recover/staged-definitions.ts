import { BESIDE } from "../release/beside.ts";
import { CapturedDefinitions } from "../release/catalogue.ts";
import { confine } from "../release/confine.ts";
import type { Definition } from "../system/pm2.ts";
import { definitionHash } from "../system/pm2-definition.ts";
import type { StepPorts } from "./ports.ts";
import { capturedService, type CapturedService } from "./services.ts";
import { makeStaging } from "./staging.ts";

/** Where a plan keeps the definitions that it starts services with; refused when anything on the way is a link. */
export async function definitionsPlace({ files, application, planId }: StepPorts): Promise<string> {
  return confine(files, application.root, `${BESIDE}/${planId}/definitions.json`);
}

/**
 * What a service is started with so that it has the environment of its capture: the whole captured definitions, or the present
 * ones, whose script may be of newer code, with the captured variables alone. Pure.
 */
export function restoredDefinitions(
  captured: readonly Definition[],
  present: readonly Definition[],
  isWhole: boolean,
): readonly Definition[] {
  if (isWhole || present.length === 0) {
    return captured;
  }
  return present.flatMap(({ name, options }, index) => {
    const env = (captured[index] ?? captured[0])?.env;
    return env === undefined
      ? []
      : [{ name, options, env, hash: definitionHash({ name, options, env }) }];
  });
}

/** Keeps them beside the application, for their owner alone: once a service is deleted, pm2 no longer holds its own. */
export async function writeStaged(
  ports: StepPorts,
  definitions: readonly Definition[],
): Promise<void> {
  const { files, application, planId } = ports;
  await makeStaging(files, application.root, planId);
  const text = `${JSON.stringify(definitions)}\n`;
  await files.writeAtomic(await definitionsPlace(ports), text, 0o600);
}

/** The definitions that the plan keeps; empty where it keeps none. */
export async function readStaged(ports: StepPorts): Promise<readonly Definition[]> {
  const text = await ports.files.readText(await definitionsPlace(ports));
  return text === undefined ? [] : CapturedDefinitions.parse(JSON.parse(text));
}

/** A service as the plan starts it: by the definitions it keeps, where it keeps any, at work where the capture says. */
export async function stagedService(
  ports: StepPorts,
  release: string,
  name: string,
): Promise<CapturedService> {
  const { workedIn } = await capturedService(ports, release, name);
  const staged = await readStaged(ports);
  return { workedIn, definitions: staged.filter((definition) => definition.name === name) };
}
