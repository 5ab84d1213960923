import { mkdir, readdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { createServer as createHttpServer } from "node:http";
import { text } from "node:stream/consumers";
import { composeOperations, runDaemon } from "../../src/app/compose.ts";
import { journalPath } from "../../src/app/read-history.ts";
import { NotifySettings } from "../../src/notify/settings.ts";
import { DatabaseSettings, type Config } from "../../src/config/schema.ts";
import type { Operations } from "../../src/model/operations.ts";
import { closeServers, listeningPort } from "../support/servers.ts";
import { storyConfig } from "../support/story-config.ts";
import { withTempFolder } from "../support/temp.ts";

const LIVE = new AbortController().signal;

/** Operations of a command over the real world: an application whose pm2 was never started, and no daemon. */
async function withOperations(
  body: (operations: Operations, config: Config) => Promise<void>,
  over: Partial<Config> = {},
): Promise<void> {
  await withTempFolder(async (folder) => {
    const story = storyConfig(folder, {});
    const application = { ...story.application, pm2Program: process.execPath };
    const config = { ...story, application, ...over };
    await mkdir(config.application.root);
    await mkdir(config.application.pm2Home);
    const opened = await composeOperations(config);
    try {
      await body(opened.operations, config);
    } finally {
      await opened.close();
    }
  });
}

/** A port on which nobody listens any more. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

describe("a command without a daemon", () => {
  it("with an empty catalogue says that there is nothing to go back to, and changes nothing", async () => {
    await withOperations(async (operations, config) => {
      const preview = await operations.previewRollback({}, LIVE);

      expect(preview).toMatchObject({ target: null, steps: [] });
      expect(preview.refusals).toContainEqual({
        guard: "target-proven",
        reason: expect.stringContaining("no release was ever captured"),
      });
      expect(await readdir(config.application.root)).toEqual([]);
      expect(await readdir(config.application.pm2Home)).toEqual([]);
      expect(await readdir(config.state)).toEqual([]);
    });
  });

  it("asked for a release that was never captured says so", async () => {
    await withOperations(async (operations) => {
      await expect(operations.previewRollback({ to: "rel-none" }, LIVE)).rejects.toMatchObject({
        code: "release-unknown",
        message: expect.stringContaining("rel-none"),
      });
    });
  });

  it("says that the database cannot be reached, and asks on", async () => {
    const url = `postgresql://nobody@127.0.0.1:${await deadPort()}/none`;
    const database = DatabaseSettings.parse({ url });

    await withOperations(
      async (operations) => {
        const { controls, signals } = await operations.check(LIVE);

        expect(controls).toContainEqual({
          name: "database",
          state: "red",
          detail: expect.stringContaining("ECONNREFUSED"),
          outage: expect.anything(),
        });
        expect(signals).toHaveLength(2);
      },
      { database },
    );
  });

  it("says that pm2 is not there instead of counting its services as down", async () => {
    await withOperations(async (operations) => {
      const { signals, verdict } = await operations.check(LIVE);

      expect(signals.find((one) => one.name === "services")).toMatchObject({
        state: "probe-error",
        bad: false,
      });
      expect(signals.find((one) => one.name === "health")).toMatchObject({ bad: true });
      expect(verdict.kind).not.toBe("breached");
    });
  });

  it("has no status to tell", async () => {
    await withOperations(async (operations) => {
      await expect(operations.status(LIVE)).rejects.toMatchObject({ code: "no-daemon" });
    });
  });

  it("knows no incident and no release before there was a daemon", async () => {
    await withOperations(async (operations) => {
      expect(await operations.incidents(LIVE)).toEqual([]);
      expect(await operations.incident("inc-1", LIVE)).toBeUndefined();
      expect(await operations.releases(LIVE)).toEqual([]);
    });
  });
});

describe("a daemon whose journal cannot be read", () => {
  it("does not start, since nobody knows whether it is paused, and pages", async () => {
    await withOperations(async (_operations, story) => {
      const pages: string[] = [];
      const server = createHttpServer((request, response) => {
        void text(request).then((body) => {
          pages.push(body);
          return response.end();
        });
      });
      const url = `http://127.0.0.1:${await listeningPort(server)}/`;
      const notify = NotifySettings.parse({
        channels: { pager: { kind: "webhook", url } },
        routes: { page: ["pager"], tell: ["pager"] },
      });
      await writeFile(journalPath(story), "no journal at all");
      const host = { version: "test", pid: 1, nodeVersion: "v20", announceReady: () => undefined };

      const run = runDaemon({ ...story, notify }, host, LIVE);

      await expect(run).rejects.toMatchObject({ code: "journal-corrupt" });
      await closeServers();
      expect(pages).toHaveLength(1);
      expect(pages[0]).toContain("rollwatch-ended");
    });
  });
});
