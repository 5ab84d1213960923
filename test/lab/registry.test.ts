import { gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { startRegistry } from "../../lab/registry.ts";
import { withLabParts } from "../support/lab-parts.ts";

const BULK = "/-/npm/v1/security/advisories/bulk";

/** Asks the registry of a lab; ends it. */
async function asked(path: string, init: RequestInit): Promise<{ status: number; body: unknown }> {
  let answer: { status: number; body: unknown } = { status: 0, body: undefined };
  await withLabParts(async (lab) => {
    const address = await startRegistry(lab);
    const response = await fetch(`${address}${path}`, init);
    answer = { status: response.status, body: await response.json() };
  });
  return answer;
}

describe("the registry of a lab", () => {
  it.each([
    // What is installed, and the packages that something is known against.
    [{ minimist: ["1.2.5"] }, ["minimist"]],
    [{ minimist: ["1.2.8", "1.2.5"], ws: ["8.0.0"] }, ["minimist"]],
    [{ minimist: ["1.2.8"] }, []],
    [{}, []],
  ])("tells what is known of %j", async (installed, known) => {
    const { status, body } = await asked(BULK, { method: "POST", body: JSON.stringify(installed) });

    expect(status).toBe(200);
    expect(Object.keys(body ?? {})).toEqual(known);
  });

  it("reads what npm packs", async () => {
    const body = gzipSync(JSON.stringify({ minimist: ["1.2.5"] }));
    const headers = { "content-encoding": "gzip" };

    const answer = await asked(BULK, { method: "POST", body, headers });

    expect(answer.body).toMatchObject({ minimist: [{ severity: "critical" }] });
  });

  it("refuses what is no question, and knows no other address", async () => {
    const broken = await asked(BULK, { method: "POST", body: "not JSON" });
    const strange = await asked(BULK, { method: "POST", body: '{"minimist":"1.2.5"}' });
    const elsewhere = await asked("/minimist", { method: "GET" });

    expect([broken.status, strange.status, elsewhere.status]).toEqual([400, 400, 404]);
  });

  it("is gone with its lab", async () => {
    let address = "";
    await withLabParts(async (lab) => {
      address = await startRegistry(lab);
    });

    await expect(fetch(`${address}${BULK}`)).rejects.toThrow("fetch failed");
  });
});
