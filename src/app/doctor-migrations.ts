import { isInside } from "../release/paths.ts";
import { withoutFile } from "../release/migration-names.ts";
import { type MigrationPorts, toolFile } from "../release/migration-run.ts";
import { migrationFiles } from "../release/migration-trial.ts";
import { IN_USE } from "../system/postgres-refusals.ts";
import { type DoctorPorts, fault, type Finding, ok } from "./doctor-examination.ts";
import { migrationPortsOf } from "./migration-ports.ts";

/** Looks at what taking migrations down would need, before anybody needs it. */
export async function lookAtDownMigrations(
  { config, world }: DoctorPorts,
  signal: AbortSignal,
): Promise<readonly Finding[]> {
  const ports = migrationPortsOf({ config, world });
  if (ports === undefined) {
    return [];
  }
  const { database, root, settings } = ports;
  const applied = await database.applied(undefined, signal);
  const deployed = await migrationFiles(ports, root, signal);
  const missing = withoutFile(settings.tool, applied, deployed);
  const refusals = (await world.warming?.beside.refusals("online", signal)) ?? [];
  const problems = [
    ...uncaptured(settings.folder, config.application.artifacts),
    ...(await noTool(ports)),
    ...(missing.length === 0 ? [] : [`${settings.folder} has no file of ${missing.join(", ")}`]),
    ...refusals.filter((reason) => !reason.startsWith(IN_USE)),
  ];
  return problems.length === 0
    ? [
        ok(
          "down migrations",
          `${applied.length} are applied, and have their files; a copy to try them on can be made`,
        ),
      ]
    : [
        fault(
          "down migrations",
          problems.join("; "),
          "Correct database.migrations.down; a copy of the database needs what docs/database.md says.",
        ),
      ];
}

function uncaptured(folder: string, artifacts: readonly string[]): readonly string[] {
  return artifacts.some((one) => isInside(folder, one.replace(/^\.\/|\/$/gu, "")))
    ? []
    : [`${folder} is inside none of application.artifacts: releases are captured without it`];
}

async function noTool(ports: MigrationPorts): Promise<readonly string[]> {
  const file = toolFile(ports);
  const isThere = file === undefined || (await ports.files.kind(file)) !== "absent";
  return isThere ? [] : [`there is no ${file}`];
}
