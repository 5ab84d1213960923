import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openLog } from "../../src/system/log.ts";
import type { Log } from "../../src/system/log.ts";
import { withTempFolder } from "../support/temp.ts";

/** What a log with the secret `s3cr"t/1` writes. */
async function written(
  write: (log: Log) => void,
  level: "debug" | "warn" = "debug",
): Promise<string> {
  return withTempFolder(async (folder) => {
    const path = join(folder, "log");
    const file = await open(path, "w");
    try {
      write(openLog({ level, secrets: ['s3cr"t/1', "abc"], fd: file.fd }));
    } finally {
      await file.close();
    }
    return readFile(path, "utf8");
  });
}

describe("the log", () => {
  it("writes one JSON object per line, at once", async () => {
    const text = await written((log) => {
      log.info({ probe: "health" }, "probe timed out");
      log.warn("again");
    });

    const lines = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toMatchObject([
      { level: 30, probe: "health", msg: "probe timed out" },
      { level: 40, msg: "again" },
    ]);
  });

  it("leaves out what is below its level", async () => {
    const text = await written((log) => log.info("hidden"), "warn");

    expect(text).toBe("");
  });

  it.each([
    ["password", { password: "hush" }],
    ["a nested token", { a: { b: [{ apiToken: "hush" }] } }],
    ["a secret that is no text", { client_secret: { part: "hush" } }],
    ["an authorization header", { headers: { Authorization: ["Bearer hush"] } }],
    ["the credentials of a URL", { target: "postgres://app:hush@127.0.0.1:5432/app" }],
    ["a token in place of a URL's user", { target: "https://hush@example.org/" }],
    [
      "the credentials of a URL in an error",
      { err: new Error("no answer of postgres://a:hush@b") },
    ],
  ])("does not show %s", async (_, object) => {
    const text = await written((log) => log.warn(object, "message"));

    expect(text).toContain("message");
    expect(text).toContain("[redacted]");
    expect(text).not.toContain("hush");
  });

  it.each([
    ["a field", { detail: 'it said s3cr"t/1.' }],
    ["an error", { err: new Error('it said s3cr"t/1.') }],
    ["an encoded field", { detail: "GET /?key=s3cr%22t%2F1" }],
  ])("does not show a known secret in %s", async (_, object) => {
    const text = await written((log) => log.warn(object, "message"));

    expect(text).toContain("[redacted]");
    expect(text).not.toMatch(/s3cr/u);
  });

  it("does not search for secrets so short that they are in every line", async () => {
    const text = await written((log) => log.warn("abcdef"));

    expect(text).toContain("abcdef");
  });
});
