import { describe, expect, it } from "vitest";
import { openApart } from "../../src/observe/apart.ts";

const NEVER = new AbortController().signal;

/** Work that ends when it is told to. */
function aWork(): { readonly run: () => Promise<string>; readonly end: () => void } {
  const gate = new AbortController();
  const ended = new Promise<string>((resolve) => {
    gate.signal.addEventListener("abort", () => resolve("done"));
  });
  return { run: async () => ended, end: () => gate.abort() };
}

describe("postings and snapshots", () => {
  it("are kept apart: a snapshot waits for what is posted, and nothing is posted meanwhile", async () => {
    const apart = openApart();
    const told: string[] = [];
    const posted = aWork();
    const made = aWork();

    const posting = apart.post(posted.run);
    const snapshot = apart.snapshot(async () => {
      told.push("begun");
      return made.run();
    }, NEVER);
    const refused = await apart.post(async () => "posted");
    const early = [...told];
    posted.end();
    await posting;
    const duringIt = await apart.post(async () => "posted");
    made.end();
    await snapshot;
    const after = await apart.post(async () => "posted");

    expect([refused, duringIt, after]).toEqual([undefined, undefined, "posted"]);
    expect([early, told]).toEqual([[], ["begun"]]);
  });

  it("are free again after a snapshot that failed, and after a posting that did", async () => {
    const apart = openApart();
    const posting = apart.post(async () => Promise.reject(new Error("no way")));
    const snapshot = apart.snapshot(async () => Promise.reject(new Error("no disk")), NEVER);

    await expect(posting).rejects.toThrow("no way");
    await expect(snapshot).rejects.toThrow("no disk");
    expect(await apart.post(async () => "posted")).toBe("posted");
  });

  it("wait for each other no longer than the signal says, and hold nothing then", async () => {
    const apart = openApart();
    const stopping = new AbortController();
    const posted = aWork();
    const posting = apart.post(posted.run);
    const snapshot = apart.snapshot(async () => "made", stopping.signal);

    stopping.abort(new Error("an incident began"));

    await expect(snapshot).rejects.toThrow("an incident began");
    expect(await apart.post(async () => "posted")).toBe("posted");
    posted.end();
    await posting;
  });
});
