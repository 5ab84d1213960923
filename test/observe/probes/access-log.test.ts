import { appendFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import {
  AccessLogProbeSettings,
  createAccessLogProbe,
} from "../../../src/observe/probes/access-log.ts";
import { openLogs } from "../../../src/system/logs.ts";
import { withTempFolder } from "../../support/temp.ts";

const NEVER = new AbortController().signal;

interface Watched {
  readonly path: string;
  readonly folder: string;
  readonly sample: () => Promise<Reading>;
  readonly append: (...lines: readonly string[]) => Promise<void>;
}

/** An access log that is watched from its end, which holds `earlier`. */
async function withWatched(
  settings: object,
  body: (watched: Watched) => Promise<void>,
  earlier = "",
): Promise<void> {
  await withTempFolder(async (folder) => {
    const path = join(folder, "access.log");
    await writeFile(path, earlier);
    const parsed = AccessLogProbeSettings.parse({
      kind: "access-log",
      files: [path],
      format: "combined",
      measure: "errors",
      ...settings,
    });
    const probe = createAccessLogProbe("errors", parsed, { logs: openLogs(), limit: 0.5 });
    async function sample(): Promise<Reading> {
      return probe.sample(NEVER);
    }
    async function append(...lines: readonly string[]): Promise<void> {
      await appendFile(path, lines.map((line) => `${line}\n`).join(""));
    }
    await sample();
    await body({ path, folder, sample, append });
  });
}

function aLine(status: number, { route = "/", agent = "curl", address = "1.2.3.4" } = {}): string {
  return `${address} - - [22/Nov/2026:12:00:00 +0000] "GET ${route} HTTP/1.1" ${status} 5 "-" "${agent}"`;
}

function aTimed(seconds: number, status = 200): string {
  return `${aLine(status)} ${seconds.toFixed(3)}`;
}

describe("the access-log probe", () => {
  it("counts the requests since its last look, and those that failed", async () => {
    await withWatched(
      {},
      async ({ sample, append }) => {
        await append(aLine(200), aLine(404), aLine(502), aLine(500));
        const first = await sample();
        await append(aLine(200));
        const second = await sample();

        expect(first).toEqual({
          kind: "measured",
          value: 0.5,
          detail: "2 of 4 requests failed (5xx)",
          counts: { bad: 2, total: 4 },
        });
        expect(second).toMatchObject({ counts: { bad: 0, total: 1 } });
      },
      `${aLine(500)}\n`,
    );
  });

  it("says that nobody asked when nobody did", async () => {
    await withWatched({}, async ({ sample }) => {
      expect(await sample()).toMatchObject({ value: 0, counts: { bad: 0, total: 0 } });
    });
  });

  it("counts what took longer than the limit, but not a socket that was open for hours", async () => {
    const settings = { format: "combined-timed", measure: "slow-requests" };
    await withWatched(settings, async ({ sample, append }) => {
      await append(aTimed(0.1), aTimed(0.5), aTimed(0.501), aTimed(7200, 101));

      expect(await sample()).toMatchObject({
        counts: { bad: 1, total: 3 },
        detail: "1 of 3 requests took over 500 ms; 1 left out",
      });
    });
  });

  it("leaves out rollwatch's own requests, and those that it is told to", async () => {
    const ignore = {
      routes: ["/metrics", "/static/*"],
      addresses: ["10.0.0.9"],
      userAgents: ["Pingdom"],
    };
    await withWatched({ ignore }, async ({ sample, append }) => {
      await append(
        aLine(500, { agent: "rollwatch" }),
        aLine(500, { route: "/metrics?x=1" }),
        aLine(500, { route: "/static/a.js" }),
        aLine(500, { address: "10.0.0.9" }),
        aLine(500, { agent: "Pingdom.com_bot" }),
        aLine(200, { route: "/metrics/more" }),
      );

      expect(await sample()).toMatchObject({ counts: { bad: 0, total: 1 } });
    });
  });

  it("misses nothing over a rotation", async () => {
    await withWatched({}, async ({ sample, append, path }) => {
      await append(aLine(500));
      await rename(path, `${path}.1`);
      await append(aLine(200));

      expect(await sample()).toMatchObject({ counts: { bad: 1, total: 2 } });
    });
  });

  it("does not fall for a single line that cannot be read, but tells it", async () => {
    await withWatched(
      {},
      async ({ sample, append }) => {
        await append("\u0000\uFFFD garbage", aLine(200));

        expect(await sample()).toMatchObject({
          counts: { bad: 0, total: 1 },
          detail: "0 of 1 requests failed (5xx); 1 lines could not be read",
        });
      },
      `${aLine(200)}\n`.repeat(5),
    );
  });

  it("has no answer for a log of another format, from the first look on", async () => {
    await withTempFolder(async (folder) => {
      const path = join(folder, "access.log");
      await writeFile(path, '{"status":200}\n'.repeat(3));
      const settings = AccessLogProbeSettings.parse({
        kind: "access-log",
        files: [path],
        format: "combined",
        measure: "errors",
      });
      const probe = createAccessLogProbe("errors", settings, { logs: openLogs(), limit: 0 });

      expect(await probe.sample(NEVER)).toEqual({
        kind: "absent",
        reason: "no-metrics",
        detail: `no metrics: ${path}: most of its lines are not of the format combined`,
      });
    });
  });

  it("reads the requests between an application's own words and the stacks of its errors", async () => {
    await withWatched({ format: "json" }, async ({ sample, append }) => {
      const failed = '{"req":{"url":"/"},"res":{"statusCode":500},"responseTime":2}';
      await append(
        '{"level":30,"msg":"hello"}',
        "Error: boom",
        ...Array.from({ length: 20 }, () => "    at f (/srv/app.js:1:1)"),
        failed,
      );

      expect(await sample()).toMatchObject({ counts: { bad: 1, total: 1 } });
    });
  });

  it("has no answer where its requests tell no duration", async () => {
    const settings = { format: "json", measure: "slow-requests" };
    await withWatched(settings, async ({ sample, append }) => {
      await append('{"url":"/","status":200}');

      expect(await sample()).toMatchObject({
        kind: "absent",
        detail: expect.stringContaining("its requests tell no duration"),
      });
    });
  });

  it("has no answer without a file, and counts one of several that is not there as silent", async () => {
    await withTempFolder(async (folder) => {
      const [here, gone] = [join(folder, "a.log"), join(folder, "b.log")];
      await writeFile(here, "");
      const probes = [[gone], [gone, here]].map((files) =>
        createAccessLogProbe(
          "errors",
          AccessLogProbeSettings.parse({
            kind: "access-log",
            files,
            format: "json",
            measure: "errors",
          }),
          { logs: openLogs(), limit: 0 },
        ),
      );

      const readings = await Promise.all(probes.map(async (probe) => probe.sample(NEVER)));

      expect(readings).toMatchObject([
        { kind: "absent", reason: "no-metrics", detail: `no metrics: there is no file ${gone}` },
        { kind: "measured", counts: { bad: 0, total: 0 } },
      ]);
    });
  });

  it("blames rollwatch's own rights where it may not read", async () => {
    const probe = createAccessLogProbe(
      "errors",
      AccessLogProbeSettings.parse({
        kind: "access-log",
        files: ["/var/log/nginx/access.log"],
        format: "combined",
        measure: "errors",
      }),
      {
        limit: 0,
        logs: {
          follow: () => ({
            next: async () => ({ kind: "denied", detail: "rollwatch may not read it" }),
          }),
        },
      },
    );

    expect(await probe.sample(NEVER)).toEqual({
      kind: "absent",
      reason: "credentials",
      detail: "rollwatch may not read it",
    });
  });
});
