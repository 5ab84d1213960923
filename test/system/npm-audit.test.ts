import { readdirSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { afterEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { type Audit, openAudits, rememberAudits } from "../../src/system/npm-audit.ts";
import type { Finished } from "../../src/system/process-run.ts";
import { openProcesses } from "../../src/system/process.ts";
import { auditsContract } from "../contracts/audits.ts";
import { anAdvisory, fakeAudits } from "../support/fakes/audits.ts";
import { fakeProcesses } from "../support/fakes/processes.ts";
import { lockfileWith, manifestWith, packageRegistry } from "../support/package-registry.ts";
import { closeServers, listeningPort } from "../support/servers.ts";

const NEVER = new AbortController().signal;
const PATH = process.env["PATH"] ?? "/usr/bin:/bin";
const real = openAudits(openProcesses(openClock()), { PATH });
const concerned = { lockfile: lockfileWith("1.0.0"), manifest: manifestWith("1.0.0") };
const mended = { lockfile: lockfileWith("1.0.1"), manifest: manifestWith("1.0.1") };

afterEach(closeServers);

auditsContract("the real npm", async () => {
  const port = await listeningPort(packageRegistry().server);
  return { audits: real, registry: `http://127.0.0.1:${port}/`, concerned, mended };
});

auditsContract("the fake", async () => {
  const audits = fakeAudits();
  audits.set(concerned.lockfile, { kind: "audited", advisories: [anAdvisory()] });
  return { audits, registry: "http://127.0.0.1:1/", concerned, mended };
});

/** What is made of what npm prints. */
async function auditOf(finished: Partial<Finished>): Promise<Audit> {
  const processes = fakeProcesses();
  processes.answer("npm audit", finished);
  return openAudits(processes, {}).audit(mended, { timeoutMs: 1000 }, NEVER);
}

/** The folders of audits; one that was killed elsewhere may have left its own. */
function foldersOfAudits(): readonly string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("rollwatch-audit-"));
}

describe("the real npm", () => {
  it("fails with a registry that does, and leaves nothing behind", async () => {
    const port = await listeningPort(
      createServer((_request, response) => {
        response.statusCode = 503;
        response.end("busy");
      }),
    );

    const registry = `http://127.0.0.1:${port}/`;
    const before = foldersOfAudits();
    const audit = await real.audit(concerned, { registry, timeoutMs: 25_000 }, NEVER);

    expect(audit).toMatchObject({ kind: "failed", detail: expect.stringContaining("503") });
    expect(foldersOfAudits()).toEqual(before);
  });
});

function reportOf(...via: readonly unknown[]): string {
  const vulnerabilities = { a: { via: ["b"] }, b: { via } };
  return JSON.stringify({ auditReportVersion: 2, vulnerabilities });
}

describe("what npm prints", () => {
  const found = { source: 1, name: "b", title: "t", severity: "high" };

  it("is a report though npm fails for what it reports", async () => {
    const stdout = reportOf(found, { ...found, source: "x", severity: "info" });

    expect(await auditOf({ status: 1, stdout })).toEqual({
      kind: "audited",
      advisories: [{ id: "1", package: "b", title: "t", level: "high" }],
    });
  });

  it("may hold the names of an object's own parts", async () => {
    const stdout = `{"auditReportVersion":2,"vulnerabilities":{"__proto__":{"via":[${JSON.stringify(found)}]},"constructor":{"via":[]}}}`;

    expect(await auditOf({ stdout })).toMatchObject({ kind: "audited" });
  });

  it.each([
    [{ kind: "not-found", status: null }, "there is no npm"],
    [{ kind: "timed-out", status: null }, "npm took too long"],
    [{ stdout: '{"message":"request failed"}', status: 1 }, "request failed"],
    [{ stdout: "" }, "npm printed no report"],
    [{ stdout: "{" }, "npm printed no report"],
    [{ stdout: '{"auditReportVersion":1,"advisories":{}}' }, "npm printed no report"],
    [{ stdout: reportOf({ ...found, severity: "apocalyptic" }) }, "npm printed no report"],
    [{ stdout: reportOf(found), truncated: true }, "npm printed no report"],
  ] as const)("is no report: %j", async (finished, detail) => {
    expect(await auditOf(finished)).toEqual({ kind: "failed", detail });
  });
});

describe("audits that remember", () => {
  it("know the newest answer about a release, and forget none for a failure", async () => {
    const asked = fakeAudits();
    const audits = rememberAudits(asked);
    expect(audits.known(concerned)).toBeUndefined();

    asked.set(concerned.lockfile, { kind: "audited", advisories: [anAdvisory()] });
    await audits.audit(concerned, { timeoutMs: 1000 }, NEVER);
    asked.set(concerned.lockfile, { kind: "failed", detail: "no answer" });
    await audits.audit(concerned, { timeoutMs: 1000 }, NEVER);

    expect(audits.known(concerned)).toEqual([anAdvisory()]);
    expect(audits.known({ lockfile: concerned.lockfile })).toBeUndefined();
    expect(audits.known(mended)).toBeUndefined();
  });

  it("remember the sixteen that were asked about last", async () => {
    const audits = rememberAudits(fakeAudits());
    for (let number = 0; number <= 16; number += 1) {
      await audits.audit({ lockfile: String(number) }, { timeoutMs: 1000 }, NEVER);
    }

    expect(audits.known({ lockfile: "0" })).toBeUndefined();
    expect(audits.known({ lockfile: "1" })).toEqual([]);
    expect(audits.known({ lockfile: "16" })).toEqual([]);
  });
});
