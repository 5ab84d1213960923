import { z } from "zod";
import { openCatalogue } from "../../../src/release/catalogue.ts";
import type { DatabaseStepPorts } from "../../../src/recover/database-descriptor.ts";
import { openClock } from "../../../src/system/clock.ts";
import { openFiles } from "../../../src/system/files.ts";
import { openIds } from "../../../src/system/ids.ts";
import { openDatabasesBeside } from "../../../src/system/postgres-beside.ts";
import { openPostgresPrograms } from "../../../src/system/postgres-programs.ts";
import { openPostgresRestore } from "../../../src/system/postgres-restore.ts";
import { openDatabaseSource } from "../../../src/system/postgres-source.ts";
import { openDatabaseSwap } from "../../../src/system/postgres-swap.ts";
import { openProcesses } from "../../../src/system/process.ts";

/** Where and as whom the steps of a swap work. */
export const SwapPlace = z.object({
  stateFolder: z.string(),
  url: z.string(),
  applicationUrl: z.string(),
  mayEnd: z.array(z.string()),
});
export type SwapPlace = z.infer<typeof SwapPlace>;

/** The real ports of the steps that touch databases. */
export function openSwapPorts({ stateFolder, ...access }: SwapPlace): Required<DatabaseStepPorts> {
  const clock = openClock();
  const files = openFiles();
  const processes = openProcesses(clock);
  const environment = { PATH: process.env["PATH"] ?? "" };
  return {
    catalogue: openCatalogue(files, stateFolder),
    clock,
    planId: "plan-1",
    databases: openDatabaseSwap({ ...access, clock }),
    making: {
      clock,
      files,
      programs: openPostgresPrograms({ files, processes }, environment),
      restorer: openPostgresRestore({ processes }, environment),
      source: openDatabaseSource(access.url, { clock, ids: openIds() }),
      beside: openDatabasesBeside(access.url, { clock, ids: openIds() }),
      stateFolder,
    },
  };
}
