import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, startCluster } from "../../lab/cluster.ts";
import { type Lab, openLab } from "../../lab/lab.ts";
import { schemaFits } from "../../src/decide/guards/schema-fits.ts";
import { schemaUnchanged } from "../../src/decide/guards/schema-unchanged.ts";
import { compareSchemas } from "../../src/decide/schema/compare.ts";
import { undoAdditions } from "../../src/decide/schema/reverse.ts";
import type { SchemaCatalogue } from "../../src/model/schema-catalogue.ts";
import type { SchemaComparison, SchemaDifference } from "../../src/model/schema-difference.ts";
import { openClock } from "../../src/system/clock.ts";
import { openDatabase } from "../../src/system/postgres.ts";
import { aSituation } from "../support/builders.ts";
import { MIGRATIONS } from "./support/migrations.ts";
import { type Answers, makeOlderSchema, runOlderCode, whatFails } from "./support/older-code.ts";

const { signal } = new AbortController();
const OLDER = "older";
const document = readFileSync(resolve(import.meta.dirname, "../../docs/schema.md"), "utf8");

describe("a migration", () => {
  let lab: Lab;
  let cluster: Cluster;
  let before: SchemaCatalogue;
  let asItWas: Answers;

  async function catalogueOf(database: string): Promise<SchemaCatalogue> {
    const url = cluster.url("app", "hush", database);
    return openDatabase({ url }, openClock()).catalogue(signal);
  }

  beforeAll(async () => {
    lab = await openLab();
    cluster = await startCluster(lab);
    await makeOlderSchema(cluster, OLDER);
    before = await catalogueOf(OLDER);
    asItWas = await runOlderCode(cluster, OLDER);
  });

  afterAll(async () => {
    await lab.end();
  });

  it("finds the older code at work", () => {
    expect(Object.values(asItWas).filter((one) => one instanceof Error)).toEqual([]);
  });

  it.each(MIGRATIONS.map((one, index) => ({ ...one, database: `newer_${index}` })))(
    "that is to $name is $verdict, and docs/schema.md says so",
    async ({ name, sql, written, verdict, database }) => {
      await cluster.admin(`create database ${database} template ${OLDER}`);
      await cluster.admin(sql.replaceAll("$database", database), database);
      await cluster.admin(written ?? "select 1", database);

      const after = await catalogueOf(database);
      const comparison = compareSchemas(before, after);
      const fails = whatFails(asItWas, await runOlderCode(cluster, database));

      for (const { statement } of undoAdditions(before, after)) {
        await cluster.admin(statement, database);
      }
      const undone = compareSchemas(before, await catalogueOf(database));
      await cluster.admin(`drop database ${database} with (force)`);
      expect(undone.differences.filter(isAddition)).toEqual([]);
      expect(comparison).toMatchObject({ verdict });
      // What is called breaking may run by luck; what is not must run.
      expect(verdict === "breaking" ? [] : fails).toEqual([]);
      expect(rowsOf(document)).toContainEqual([
        name,
        verdict,
        fails.length === 0 ? "yes" : "no",
        gateOf(comparison),
        (comparison.differences[0]?.reason ?? "the same").replaceAll("|", "\\|"),
      ]);
    },
  );

  it("has a row for nothing else", () => {
    const names = rowsOf(document).map(([name]) => name);

    expect(names).toEqual(MIGRATIONS.map(({ name }) => name));
  });
});

/** Rights and settings that were added take nothing away that was there. */
function isAddition({ change, kind }: SchemaDifference): boolean {
  return change === "added" && kind !== "grant" && kind !== "setting";
}

/** What the gate says of going back in code alone: by rollwatch itself, and by a person's hand. */
function gateOf(comparison: SchemaComparison): string {
  const situation = aSituation({ schema: { kind: "compared", comparison } });
  const unasked = schemaUnchanged.check(situation).answer === "allow";
  const byHand = schemaFits.check(situation).answer === "allow";
  return `${unasked ? "by itself" : "recommended"}, ${byHand ? "by hand" : "not by hand"}`;
}

/** The rows of the document's table of migrations, cell by cell. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const [, table = ""] = text.split("<!-- migrations -->");
  return table
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (?:migration |-)/u.test(line))
    .map((line) =>
      line
        .slice(1, line.lastIndexOf("|"))
        .split(/(?<!\\)\|/u)
        .map((cell) => cell.trim()),
    );
}
