import { z } from "zod";
import type { AsideDatabase } from "../model/aside-database.ts";
import { Failure } from "../model/failure.ts";
import { readAside } from "../release/aside-databases.ts";
import type { BesidePorts } from "../release/database-beside.ts";
import type { DatabaseSwap } from "../system/postgres-swap.ts";
import { StepBase } from "./descriptor.ts";
import type { StepPorts } from "./ports.ts";

/** What every step of a swap has: the name that the replaced database is kept under, which is also that of the swap's note. */
export const SwapStepBase = StepBase.extend({ aside: z.string() });
type SwapStep = z.infer<typeof SwapStepBase>;

/** What swaps databases, and what makes them. */
interface DatabasePorts {
  readonly databases: DatabaseSwap;
  readonly making: BesidePorts;
}

/** What steps of a swap are given. */
export type DatabaseStepPorts = Pick<
  StepPorts,
  "catalogue" | "clock" | "databases" | "making" | "planId"
>;

/** The ports of steps that touch databases. */
export function databasePorts({ databases, making }: DatabaseStepPorts): DatabasePorts {
  if (databases === undefined || making === undefined) {
    throw new Failure("refused", "no database is configured any more", {
      hint: "Put `database` back into the configuration, and start rollwatch again.",
    });
  }
  return { databases, making };
}

/** The swap as it was noted when it was prepared. */
export async function swapOf(
  { aside }: SwapStep,
  { making }: DatabasePorts,
): Promise<AsideDatabase> {
  const noted = await readAside(making.files, making.stateFolder, aside);
  if (noted === undefined) {
    throw new Failure("swap-failed", `nothing is noted of the swap that keeps ${aside}`, {
      hint: "Somebody removed rollwatch's notes: look which database is live, and go on by hand.",
    });
  }
  return noted;
}
