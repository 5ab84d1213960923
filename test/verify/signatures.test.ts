import { describe, expect, it } from "vitest";
import { errorSignatures, signatureOf, type LogRead } from "../../src/verify/signatures.ts";
import { NOON } from "../support/builders.ts";

const BEFORE = "2026-11-22T11:59:59.000Z";
const AFTER = "2026-11-22T12:00:01.000Z";

function read(
  stream: LogRead["stream"],
  texts: readonly string[],
  over: Partial<LogRead> = {},
): LogRead {
  return { stream, lines: texts.map((text) => ({ text, isFresh: true })), isCut: false, ...over };
}

function letter(index: number): string {
  return String.fromCodePoint(97 + (Math.floor(index) % 26));
}

async function atOnce(): Promise<void> {
  return undefined;
}

async function textsOf(...reads: readonly LogRead[]): Promise<readonly string[]> {
  const health = await errorSignatures(reads, NOON, atOnce);
  return health.kind === "known" ? health.signatures.map((one) => one.text) : [];
}

describe("a signature", () => {
  // A message, and another occurrence of the same
  it.each([
    ["query took 1520 ms", "query took 93.5 ms"],
    ["at 2026-11-22T12:00:01.123Z gone", "at 2025-01-01 00:00:00,5+01:00 gone"],
    ["device 0xff31 lost", "device 0x1 lost"],
    ["no row 7d444840-9dc0-11d1-b245-5ffdce74fad2", "no row 1f1f1f1f-0000-41d1-b245-5ffdce74fad2"],
    ["commit deadbeef01 refused", "commit 00c0ffee22 refused"],
    ['column "dose" is missing', 'column "person" is missing'],
    ["cannot read properties of 'a'", "cannot read properties of 'b'"],
    ["/srv/app/server.js:10:5 failed", "/srv/app/server.js:2070:15 failed"],
    ["\u001B[31mboom\u001B[0m", "boom"],
    ["mail to ann@example.org bounced", "mail to bob.b@mail.example.com bounced"],
  ])("is the same for %j and %j", (one, other) => {
    expect(signatureOf(one)).toBe(signatureOf(other));
  });

  it.each([
    ["connection refused", "connection reset"],
    ["can't open the queue", "can't close the queue"],
    ["TypeError: a is undefined", "RangeError: a is undefined"],
  ])("differs for %j and %j", (one, other) => {
    expect(signatureOf(one)).not.toBe(signatureOf(other));
  });

  it.each([
    "connecting to postgres://app:hush@db/app",
    "login with password=hush failed",
    "API_TOKEN: hush",
    "sent Authorization: Bearer hush",
    "key hush-hush-hush-hush-2026-hush-hush refused",
  ])("holds no secret: %s", (message) => {
    expect(signatureOf(message)).not.toContain("hush");
  });

  it("has at most two hundred characters", () => {
    expect(signatureOf("word ".repeat(100))).toHaveLength(200);
  });

  it("is found in a line of one long word without looking through it from each letter", () => {
    expect(signatureOf("a".repeat(300_000))).toHaveLength(200);
  });
});

describe("errors in logs", () => {
  it("are the lines of the error output, without stacks and dumps", async () => {
    const texts = ["TypeError: boom", "    at main (a.js:1:2)", "{", "  code: 'E'", "}", ""];

    expect(await textsOf(read("error", texts))).toEqual(["TypeError: boom"]);
  });

  it("are of the output only what says so itself", async () => {
    expect(await textsOf(read("out", ["TypeError: boom", '{"level":50,"msg":"bad"}']))).toEqual([
      "bad",
    ]);
  });

  // A structured line of the error output, and the error in it
  it.each<[string, readonly string[]]>([
    ['{"level":30,"msg":"fine"}', []],
    ['{"level":60,"msg":"dead"}', ["dead"]],
    ['{"level":"error","message":"bad"}', ["bad"]],
    ['{"level":"warn","message":"hm"}', []],
    ['{"severity":"CRITICAL","message":"bad"}', ["bad"]],
    ['{"level":50,"error":"bad"}', ["bad"]],
    ['{"level":50,"error":{"message":"bad"}}', ["bad"]],
    ['{"level":50,"err":{"message":"bad","stack":""}}', ["bad"]],
    ['{"level":50,"msg":7}', ["an error without a message"]],
    ['{"message":"bad","type":"err","process_id":0}', ["bad"]], // as pm2 writes with log_type json
    ['{"level":50,"msg":"half', ['{<value>:#,<value>:"half']],
  ])("are read from %s", async (line, expected) => {
    expect(await textsOf(read("error", [line]))).toEqual(expected);
  });

  it("count from a moment on where lines tell their time, whatever the mark says", async () => {
    const lines = [
      { text: `${BEFORE} early`, isFresh: true },
      { text: "early too", isFresh: true },
      { text: `${AFTER}: late`, isFresh: false },
      { text: "late too", isFresh: false },
      { text: `{"level":50,"time":${NOON + 1},"msg":"number"}`, isFresh: false },
      { text: `{"level":50,"time":"${BEFORE}","msg":"text"}`, isFresh: false },
    ];

    expect(await textsOf(read("error", [], { lines }))).toEqual(["late", "late too", "number"]);
  });

  it("count when they are fresh where no line tells its time", async () => {
    const lines = [
      { text: "old one", isFresh: false },
      { text: "new one", isFresh: true },
    ];

    expect(await textsOf(read("error", [], { lines }))).toEqual(["new one"]);
  });

  it("are the most frequent ones first, and no more than two hundred", async () => {
    const words = Array.from(
      { length: 201 },
      (_one, index) => `${letter(index / 26)}${letter(index)} is bad`,
    );
    const health = await errorSignatures(
      [read("error", [...words, "often", "often"])],
      NOON,
      atOnce,
    );

    expect(health).toMatchObject({ isCut: true });
    expect(health).toHaveProperty("signatures.length", 200);
    expect(health).toHaveProperty("signatures.0", { text: "often", count: 2 });
  });

  it("fit into forty thousand bytes", async () => {
    const words = Array.from(
      { length: 190 },
      (_one, index) => `${"é".repeat(index + 1)} ${"漢".repeat(199)}`,
    );
    const health = await errorSignatures([read("error", words)], NOON, atOnce);

    expect(health).toMatchObject({ isCut: true });
    expect(Buffer.byteLength(JSON.stringify(health))).toBeLessThan(60_000);
  });

  it("are told to be cut when a file was", async () => {
    const health = await errorSignatures([read("error", [], { isCut: true })], NOON, atOnce);

    expect(health).toEqual({ kind: "known", signatures: [], isCut: true });
  });

  it("let others have their turn while much is read", async () => {
    const texts = Array.from({ length: 1000 }, () => "word ".repeat(100));
    let turns = 0;

    await errorSignatures([read("error", texts), read("out", texts)], NOON, async () => {
      turns += 1;
    });

    expect(turns).toBeGreaterThan(10);
  });
});
