import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createLinkSigner } from "../../src/app/approval-links.ts";
import { readVariables } from "../../src/app/init-database.ts";
import { remark, yamlText } from "../../src/app/init-yaml.ts";
import { parsePressed } from "../../src/app/slack-answers.ts";
import { DatabaseSettings } from "../../src/config/schema.ts";
import { parseJson } from "../../src/observe/expectations.ts";
import { lastLineOf, tellForeign } from "../../src/observe/foreign-text.ts";
import { CapturedDefinitions } from "../../src/release/catalogue.ts";
import { masked } from "../../src/release/masked.ts";
import { fingerprintSchema } from "../../src/release/schema-fingerprint.ts";
import { environmentOf } from "../../src/system/postgres-source.ts";
import { corpusOf, mutated } from "./mutate.ts";
import { demand, survive } from "./survive.ts";

const SECRET = "canary-7d1f";

/** Long runs take as long as they take. */
const MOST_MS = 60 * 60_000;

/** Gives a reader of texts its corpus and what can be made of it. */
function fuzz(kind: string, read: (input: string) => void, cost = 1): number {
  const samples = corpusOf(kind);
  return survive(kind, mutated(samples), read, { samples, cost });
}

describe("whatever it says", { timeout: MOST_MS }, () => {
  it("a file of variables gives names and texts, which YAML reads back to the letter", () => {
    const tried = fuzz(
      "env",
      (text) => {
        for (const [name, value] of Object.entries(readVariables(text))) {
          demand(/^[A-Za-z_]\w*$/u.test(name), `a name: ${name}`);
          demand(!value.includes("\n"), "a line");
          const shown = masked(name, value);
          demand(shown === "***" || shown.length < 20, `nothing told: ${shown}`);
          const literal = value.replaceAll("${", "$ {");
          demand(parse(yamlText(literal)) === literal, `${literal} read back`);
        }
      },
      10,
    );

    expect(tried).toBeGreaterThan(0);
  });

  it("what another program says is told in one short line without the secrets", () => {
    const tried = fuzz("foreign-text", (text) => {
      const half = Math.floor(text.length / 2);
      const salted = `${text.slice(0, half)}${SECRET}${text.slice(half)}`;
      for (const told of [
        tellForeign(salted, [SECRET]),
        tellForeign(lastLineOf(salted), [SECRET]),
      ]) {
        demand(!told.includes(SECRET), "no secret");
        demand(told.length <= 161 && !/[\p{Cc}\p{Zl}\p{Zp}]/u.test(told), "one short line");
      }
      demand(!/[\p{Cc}\p{Zl}\p{Zp}]/u.test(remark(text)), "one line");
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("an address of a database that the configuration takes can be connected to", () => {
    const tried = fuzz("database-url", (text) => {
      const { data } = DatabaseSettings.safeParse({ url: text.trimEnd() });
      if (data !== undefined) {
        const { PGAPPNAME = "" } = environmentOf(data.url, "fuzz");
        demand(PGAPPNAME !== "", "a name");
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("kept definitions are taken or refused", () => {
    const tried = fuzz("definitions", (text) => {
      const { data = [] } = CapturedDefinitions.safeParse(parseJson(text));
      for (const { env } of data) {
        demand(
          Object.values(env).every((value) => typeof value === "string"),
          "texts",
        );
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("a dumped schema has one fingerprint, whatever remarks are in it", () => {
    const tried = fuzz("schema", (text) => {
      demand(fingerprintSchema(text) === fingerprintSchema(`-- now\n${text}`), "the same");
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("what Slack sends is a button of its own, or nothing", () => {
    const tried = fuzz("slack-press", (text) => {
      const { user, actions = [] } = parsePressed(text) ?? {};
      demand(user === undefined || typeof user.id === "string", "a member");
      demand(
        actions.every(({ value }) => value.split(" ").length === 2),
        "a plan and its hash",
      );
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("a link that was altered leads nowhere", () => {
    const signer = createLinkSigner(Buffer.alloc(32, 7));
    const [own = ""] = corpusOf("link");
    const link = JSON.stringify(signer.read(own));
    const tried = fuzz("link", (text) => {
      const read = signer.read(text);
      demand(read === undefined || JSON.stringify(read) === link, "the link that was signed");
    });

    expect(link).toContain("plan-1");
    expect(tried).toBeGreaterThan(0);
  });
});
