import { z } from "zod";
import type { StepPorts } from "../ports.ts";
import type { Step } from "../step.ts";
import { AwaitServiceDescriptor, createAwaitService } from "./await-service.ts";
import { CheckDatabaseDescriptor, createCheckDatabase } from "./check-database.ts";
import { CheckMigrationsDescriptor, createCheckMigrations } from "./check-migrations.ts";
import { CheckPoolDescriptor, createCheckPool } from "./check-pool.ts";
import { CleanUpDescriptor, createCleanUp } from "./clean-up.ts";
import { createMoveSequences, MoveSequencesDescriptor } from "./move-sequences.ts";
import { createPointGit, PointGitDescriptor } from "./point-git.ts";
import { createProveConfiguration, ProveConfigurationDescriptor } from "./prove-configuration.ts";
import { createProveIdentity, ProveIdentityDescriptor } from "./prove-identity.ts";
import { createRestartService, RestartServiceDescriptor } from "./restart-service.ts";
import { createRestoreDatabase, RestoreDatabaseDescriptor } from "./restore-database.ts";
import { createSavePm2, SavePm2Descriptor } from "./save-pm2.ts";
import { createStageDefinitions, StageDefinitionsDescriptor } from "./stage-definitions.ts";
import { createStage, StageDescriptor } from "./stage.ts";
import { createStartService, StartServiceDescriptor } from "./start-service.ts";
import { createStopService, StopServiceDescriptor } from "./stop-service.ts";
import { createSwapBehindPool, SwapBehindPoolDescriptor } from "./swap-behind-pool.ts";
import { createSwapDatabase, SwapDatabaseDescriptor } from "./swap-database.ts";
import { createSwitch, SwitchDescriptor } from "./switch.ts";
import { createTakeMigrationsDown, TakeMigrationsDownDescriptor } from "./take-migrations-down.ts";
import { createVerifyDatabase, VerifyDatabaseDescriptor } from "./verify-database.ts";

/** Every kind of step. */
export const KnownStep = z.discriminatedUnion("kind", [
  StageDescriptor,
  StageDefinitionsDescriptor,
  StopServiceDescriptor,
  SwitchDescriptor,
  PointGitDescriptor,
  StartServiceDescriptor,
  RestartServiceDescriptor,
  AwaitServiceDescriptor,
  ProveIdentityDescriptor,
  ProveConfigurationDescriptor,
  RestoreDatabaseDescriptor,
  CheckDatabaseDescriptor,
  CheckPoolDescriptor,
  MoveSequencesDescriptor,
  SwapDatabaseDescriptor,
  SwapBehindPoolDescriptor,
  VerifyDatabaseDescriptor,
  CheckMigrationsDescriptor,
  TakeMigrationsDownDescriptor,
  SavePm2Descriptor,
  CleanUpDescriptor,
]);
export type KnownStep = z.infer<typeof KnownStep>;

type StepsByKind = { readonly [One in KnownStep as One["kind"]]: One };
type Creators = {
  readonly [Kind in keyof StepsByKind]: (descriptor: StepsByKind[Kind], ports: StepPorts) => Step;
};

const CREATORS: Creators = {
  stage: createStage,
  "stage-definitions": createStageDefinitions,
  "stop-service": createStopService,
  switch: createSwitch,
  "point-git": createPointGit,
  "start-service": createStartService,
  "restart-service": createRestartService,
  "await-service": createAwaitService,
  "prove-identity": createProveIdentity,
  "prove-configuration": createProveConfiguration,
  "restore-database": createRestoreDatabase,
  "check-database": createCheckDatabase,
  "check-pool": createCheckPool,
  "move-sequences": createMoveSequences,
  "swap-database": createSwapDatabase,
  "swap-behind-pool": createSwapBehindPool,
  "verify-database": createVerifyDatabase,
  "check-migrations": createCheckMigrations,
  "take-migrations-down": createTakeMigrationsDown,
  "save-pm2": createSavePm2,
  "clean-up": createCleanUp,
};

/** The step that a descriptor describes. */
export function createStep(descriptor: KnownStep, ports: StepPorts): Step {
  return create(descriptor.kind, descriptor, ports);
}

function create<Kind extends keyof StepsByKind>(
  kind: Kind,
  descriptor: StepsByKind[Kind],
  ports: StepPorts,
): Step {
  return CREATORS[kind](descriptor, ports);
}
