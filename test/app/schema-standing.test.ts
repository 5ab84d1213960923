import { describe, expect, it } from "vitest";
import type { Daemon } from "../../src/app/daemon.ts";
import { proveDeployed } from "../../src/app/prove-deployed.ts";
import { captureNow, diffReleases } from "../../src/app/release-actions.ts";
import { keepSchema, schemaStandingOf } from "../../src/app/schema-standing.ts";
import type { SchemaCatalogue } from "../../src/model/schema-catalogue.ts";
import { withDaemon } from "../support/daemon.ts";
import { aCatalogue, aColumn, aTable } from "../support/schema.ts";

const LIVE = new AbortController().signal;
const OLD = aCatalogue([aTable("readings", [aColumn("id")])]);
const NEW = aCatalogue([aTable("readings", [aColumn("id"), aColumn("note")])]);

/** A database whose structure is read as these, one after the other. */
function reading(daemon: Daemon, ...catalogues: readonly SchemaCatalogue[]): Daemon {
  const { database } = daemon.world;
  const left = [...catalogues];
  if (database === undefined) {
    throw new Error("this daemon has no database");
  }
  async function catalogue(): Promise<SchemaCatalogue> {
    return left.shift() ?? aCatalogue();
  }
  return { ...daemon, world: { ...daemon.world, database: { ...database, catalogue } } };
}

function withoutDatabase(daemon: Daemon): Daemon {
  const { database: _none, ...world } = daemon.world;
  return { ...daemon, world };
}

describe("the schema that is kept with a release", () => {
  it("is the one that it was first captured on, until it is proven on another", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(OLD);
      const id = await captureNow(daemon, LIVE);
      world.database.setCatalogue(NEW);

      await captureNow(daemon, LIVE);
      const captured = await daemon.catalogue.readSchema(id);
      await proveDeployed(daemon, daemon.surroundings.identity()?.value ?? {}, LIVE);

      expect(captured).toEqual(OLD);
      expect(await daemon.catalogue.readSchema(id)).toEqual(NEW);
    });
  });

  it("is never a mixture: one that changes while it is read is not kept", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(OLD);
      const id = await captureNow(daemon, LIVE);

      await keepSchema(reading(daemon, NEW, OLD), id, LIVE);
      const before = await daemon.catalogue.readSchema(id);
      await keepSchema(reading(daemon, NEW, NEW), id, LIVE);

      expect(before).toEqual(OLD);
      expect(await daemon.catalogue.readSchema(id)).toEqual(NEW);
    });
  });

  it("stays when it cannot be read anew, and keeps no capture back", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(null);
      const id = await captureNow(daemon, LIVE);
      world.database.setCatalogue(OLD);
      await captureNow(daemon, LIVE);
      world.database.setCatalogue(null);

      await keepSchema(daemon, id, LIVE);

      expect(await daemon.catalogue.readSchema(id)).toEqual(OLD);
    });
  });
});

describe("how a release's schema stands to today's", () => {
  it("is unknown where it was not kept, cannot be read, or is damaged", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(null);
      const id = await captureNow(daemon, LIVE);
      const notKept = await schemaStandingOf(daemon, id, "application", LIVE);
      await daemon.catalogue.writeSchema(id, OLD);
      const notRead = await schemaStandingOf(daemon, id, "application", LIVE);
      world.database.setCatalogue(OLD);
      await daemon.world.files.writeAtomic(
        `${daemon.catalogue.folderOf(id)}/schema.json`,
        '{"format":2}',
        0o600,
      );

      const damaged = await schemaStandingOf(daemon, id, "application", LIVE);

      expect([notKept, notRead, damaged]).toEqual([
        { kind: "unknown", reason: `the schema that ${id} ran on was not kept` },
        { kind: "unknown", reason: "it cannot be read" },
        { kind: "unknown", reason: `the schema that ${id} ran on was not kept` },
      ]);
    });
  });

  it("is nobody's question without a database, or where no older code is started", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(OLD);
      const id = await captureNow(daemon, LIVE);

      const standings = [
        await schemaStandingOf(withoutDatabase(daemon), id, "application", LIVE),
        await schemaStandingOf(daemon, id, "service", LIVE),
      ];

      expect(standings).toEqual([undefined, undefined]);
    });
  });
});

describe("the schemas of two releases", () => {
  it("differ as the older one's code would find it, with how to take it back", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(OLD);
      const id = await captureNow(daemon, LIVE);
      world.database.setCatalogue(NEW);

      const { schema } = await diffReleases(daemon, id, "deployed", LIVE);

      expect(schema).toMatchObject({
        kind: "compared",
        verdict: "additive",
        differences: [{ kind: "column", name: "public.readings.note", change: "added" }],
        undo: [{ statement: 'alter table public.readings drop column "note";' }],
      });
    });
  });

  it("are not compared without a database, nor where one was not kept", async () => {
    await withDaemon(async ({ daemon, world }) => {
      world.database.setCatalogue(null);
      const id = await captureNow(daemon, LIVE);
      world.database.setCatalogue(NEW);

      const unkept = await diffReleases(daemon, id, "deployed", LIVE);
      const none = await diffReleases(withoutDatabase(daemon), id, id, LIVE);

      expect(unkept.schema).toEqual({
        kind: "unknown",
        reason: `the schema that ${id} ran on was not kept`,
      });
      expect(none.schema).toBeNull();
    });
  });
});
