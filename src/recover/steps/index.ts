import { z } from "zod";
import { assertNever } from "../../model/assert-never.ts";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";
import { CleanUpDescriptor, createCleanUp } from "./clean-up.ts";
import { createPointGit, PointGitDescriptor } from "./point-git.ts";
import { createProveIdentity, ProveIdentityDescriptor } from "./prove-identity.ts";
import { createRestartService, RestartServiceDescriptor } from "./restart-service.ts";
import { createSavePm2, SavePm2Descriptor } from "./save-pm2.ts";
import { createStage, StageDescriptor } from "./stage.ts";
import { createStartService, StartServiceDescriptor } from "./start-service.ts";
import { createStopService, StopServiceDescriptor } from "./stop-service.ts";
import { createSwitch, SwitchDescriptor } from "./switch.ts";

/** Every kind of step. */
export const KnownStep = z.discriminatedUnion("kind", [
  StageDescriptor,
  StopServiceDescriptor,
  SwitchDescriptor,
  PointGitDescriptor,
  StartServiceDescriptor,
  RestartServiceDescriptor,
  ProveIdentityDescriptor,
  SavePm2Descriptor,
  CleanUpDescriptor,
]);
export type KnownStep = z.infer<typeof KnownStep>;

/** The step that a descriptor describes. */
export function createStep(descriptor: KnownStep, ports: StepPorts): Step {
  switch (descriptor.kind) {
    case "stage":
      return createStage(descriptor, ports);
    case "stop-service":
      return createStopService(descriptor, ports);
    case "switch":
      return createSwitch(descriptor, ports);
    case "point-git":
      return createPointGit(descriptor, ports);
    case "start-service":
      return createStartService(descriptor, ports);
    case "restart-service":
      return createRestartService(descriptor, ports);
    case "prove-identity":
      return createProveIdentity(descriptor, ports);
    case "save-pm2":
      return createSavePm2(descriptor, ports);
    case "clean-up":
      return createCleanUp(descriptor, ports);
    default:
      return assertNever(descriptor);
  }
}
