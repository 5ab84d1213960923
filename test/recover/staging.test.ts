import { describe, expect, it } from "vitest";
import { discardStaging } from "../../src/recover/staging.ts";
import { aPatient } from "../support/patient.ts";
import { withTempFolder } from "../support/temp.ts";

describe("discarding a plan's staging", () => {
  it("removes what was only prepared", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.write(".rollwatch/plan-1/next/server/main.js", "copy");

      await discardStaging(patient.ports.files, patient.root, "plan-1");

      expect(await patient.ports.files.list(`${patient.root}/.rollwatch`)).toEqual([]);
    });
  });

  it("keeps everything once something was replaced: it may be the last copy", async () => {
    await withTempFolder(async (folder) => {
      const patient = await aPatient(folder);
      await patient.write(".rollwatch/plan-1/previous/server/main.js", "the only one");

      await discardStaging(patient.ports.files, patient.root, "plan-1");

      expect(await patient.read(".rollwatch/plan-1/previous/server/main.js")).toBe("the only one");
    });
  });
});
