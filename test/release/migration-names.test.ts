import { describe, expect, it } from "vitest";
import { downFilesOf, whatToTakeDown } from "../../src/release/migration-names.ts";
import type { MigrationTool } from "../../src/release/migration-settings.ts";

/** How each tool records migrations, and names their files. */
const RECORDED: readonly (readonly [MigrationTool, readonly string[], readonly string[]])[] = [
  ["knex", ["1_a.js", "2_b.js", "3_c.js"], ["1_a.js", "2_b.ts", "3_c.js", "3_c.d.ts", "notes.md"]],
  ["node-pg-migrate", ["1_a", "2_b", "3_c"], ["1_a.js", "2_b.sql", "3_c.ts"]],
  ["sequelize", ["1-a.js", "2-b.js", "3-c.cjs"], ["1-a.js", "2-b.js", "3-c.cjs"]],
  ["typeorm", ["A100", "B200", "C300"], ["100-a.js", "200-b.ts", "300-c.js", "index.js"]],
  ["sql", ["1_a", "2_b", "3_c"], ["1_a.up.sql", "1_a.down.sql", "up/2_b.sql", "3_c.sql"]],
];

describe("the migrations to take down", () => {
  it.each(RECORDED)(
    "are, of %s, those that the target's folder lacks, newest first",
    (tool, applied, files) => {
      const target = files.filter((file) => !/[23][-_0]/u.test(file));

      const down = whatToTakeDown(tool, { applied, target, deployed: files });

      expect(down).toEqual({ kind: "down", names: [applied[2], applied[1]] });
    },
  );

  it.each([
    {
      what: "nothing is newer",
      sets: { applied: ["1_a"], target: ["1_a.js"], deployed: ["1_a.js"] },
      why: "one that the release has, too",
    },
    {
      what: "one was applied before others that stay",
      sets: {
        applied: ["1_a", "2_b", "3_c"],
        target: ["1_a.js", "3_c.js"],
        deployed: ["1_a.js", "2_b.js", "3_c.js"],
      },
      why: "2_b was applied before 3_c",
    },
    {
      what: "its file is gone",
      sets: { applied: ["1_a", "2_b"], target: ["1_a.js"], deployed: ["1_a.js"] },
      why: "no file of 2_b",
    },
    {
      what: "the target was captured without any",
      sets: { applied: ["1_a"], target: [], deployed: ["1_a.js"] },
      why: "captured without migrations",
    },
  ])("are none where $what", ({ sets, why }) => {
    const refused = whatToTakeDown("node-pg-migrate", sets);

    expect(refused).toEqual({ kind: "refused", reason: expect.stringContaining(why) });
  });
});

describe("the file that takes a migration down", () => {
  it("lies beside the one that brings it up, or in a folder of its own", () => {
    expect(downFilesOf("2_b.up.sql")).toEqual(["2_b.down.sql", "down/2_b.sql"]);
  });
});
