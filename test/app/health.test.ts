import { appendFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openHealthLooks, takeBaseline } from "../../src/app/health.ts";
import type { Health } from "../../src/model/health.ts";
import { withDaemon, type Parts } from "../support/daemon.ts";

const { signal } = new AbortController();
const SECRET = "hush-hush";
const API = new Set(["api"]);

/** Gives the services of the story log files of their own, each with an error in it. */
async function withLogs(body: (parts: Parts, errorLog: string) => Promise<void>): Promise<void> {
  await withDaemon(async (parts) => {
    const folder = join(parts.daemon.config.state, "..", "logs");
    const errorLog = join(folder, "api-error.log");
    await mkdir(folder, { recursive: true });
    await writeFile(errorLog, "old trouble\n");
    await writeFile(join(folder, "importer-error.log"), "trouble of the importer\n");
    parts.world.pm2.change("api", { errorLog, outLog: join(folder, "api-out.log") });
    parts.world.pm2.change("importer", { errorLog: join(folder, "importer-error.log") });
    await parts.daemon.surroundings.lookAtAll(signal);
    await body(parts, errorLog);
  });
}

function errorsOf({ logs }: Health): readonly string[] {
  return logs?.kind === "known" ? logs.signatures.map((one) => one.text) : ["not known"];
}

describe("the baseline of a proven release", () => {
  it("holds the errors of all services, the database and the memory of what runs", async () => {
    await withLogs(async ({ daemon, world }) => {
      const running = daemon.surroundings.services().flatMap(({ instances }) => instances);
      for (const { pid } of running) {
        world.memory.setProcess(pid, 5000);
      }

      const baseline = await takeBaseline(daemon, signal);

      expect(errorsOf(baseline)).toEqual(["old trouble", "trouble of the importer"]);
      expect(baseline).toMatchObject({
        database: { kind: "known", version: "15.18" },
        connections: { kind: "known" },
        memory: {
          kind: "known",
          services: ["api", "importer", "cleaner"].map((name) => ({ name, rssBytes: 5000 })),
        },
      });
    });
  });
});

describe("looks at the health of restored services", () => {
  it("see the errors since the first look for a moment, of these services alone, without secrets", async () => {
    await withLogs(async (parts, errorLog) => {
      const daemon = { ...parts.daemon, config: { ...parts.daemon.config, secrets: [SECRET] } };
      const look = openHealthLooks(daemon, API);
      const first = await look(1, signal);
      await appendFile(errorLog, `trouble with ${SECRET}\n`);

      const second = await look(1, signal);
      const later = await look(2, signal);

      expect([first, second, later].map(errorsOf)).toEqual([[], ["trouble with <secret>"], []]);
    });
  });

  it("take a file of both outputs for one of output", async () => {
    await withLogs(async ({ world, daemon }, errorLog) => {
      world.pm2.change("api", { errorLog, outLog: errorLog });
      await daemon.surroundings.lookAtAll(signal);
      const look = openHealthLooks(daemon, API);
      await look(1, signal);
      await appendFile(errorLog, 'GET /health\n{"level":50,"msg":"bad"}\n');

      expect(errorsOf(await look(1, signal))).toEqual(["bad"]);
    });
  });
});
