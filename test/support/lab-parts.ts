import type { Lab } from "../../lab/lab.ts";
import { freePort } from "../../lab/ports.ts";
import { withTempFolder } from "./temp.ts";

/** What single parts of a lab need of it: a folder, ports, and its end. */
type LabParts = Pick<Lab, "folder" | "port" | "onEnd">;

/** Runs with a folder in which a part of a lab lives, and ends what the part began, the newest first. */
export async function withLabParts(body: (lab: LabParts) => Promise<void>): Promise<void> {
  await withTempFolder(async (folder) => {
    const ends: (() => Promise<unknown>)[] = [];
    const taken = new Set<number>();
    try {
      await body({
        folder,
        port: async () => freePort(taken),
        onEnd: (_name, end) => {
          ends.unshift(end);
        },
      });
    } finally {
      for (const end of ends) {
        await end();
      }
    }
  });
}
