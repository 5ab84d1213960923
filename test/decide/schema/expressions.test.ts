import { describe, expect, it } from "vitest";
import {
  cannotFail,
  isPlainDefault,
  listsDefault,
  passesOnNull,
} from "../../../src/decide/schema/expressions.ts";

describe("a default", () => {
  it.each([
    "'new'::text",
    "'it''s'::character varying",
    "'good'::public.mood",
    "0",
    "'-1'::integer",
    "(-1)",
    "1.5",
    "false",
    "now()",
    "CURRENT_TIMESTAMP",
    "gen_random_uuid()",
    "'{}'::jsonb",
    "ARRAY[]::text[]",
    "(now() AT TIME ZONE 'utc'::text)",
  ])("that is %s needs nothing", (text) => {
    expect(isPlainDefault(text)).toBe(true);
  });

  it.each([
    "nextval('public.n_seq'::regclass)",
    "public.next_number()",
    "(1 / 0)",
    "('a'::text || public.suffix())",
    "upper('x'::text)",
  ])("that is %s may need a right, or fail", (text) => {
    expect(isPlainDefault(text)).toBe(false);
  });
});

describe("an expression that is computed at every write", () => {
  it.each([
    "lower(name)",
    "lower((name)::text)",
    "(deleted_at IS NULL)",
    "((state = 'new'::text) AND (NOT hidden))",
    "COALESCE(name, 'none'::text)",
  ])("cannot fail where it is %s", (text) => {
    expect(cannotFail(text, ["name", "deleted_at", "state", "hidden"])).toBe(true);
  });

  it.each([
    "(100 / visits)",
    "(name)::integer",
    "public.normal(name)",
    "(name ~ pattern)",
    "(payload ->> 'a'::text)",
    "(name)::character varying(3)",
  ])("can fail where it is %s", (text) => {
    expect(cannotFail(text, ["name", "visits", "pattern", "payload"])).toBe(false);
  });
});

describe("a CHECK over a new column", () => {
  it.each([
    "CHECK ((length(note) <= 200))",
    "CHECK (((note >= 0) AND (note <= 10)))",
    "CHECK ((note = ANY (ARRAY['a'::text, 'b'::text])))",
    "CHECK (((note)::text = ANY ((ARRAY['a'::character varying, 'b'::character varying])::text[])))",
    "CHECK ((note ~ '^[A-Z]{2}-[0-9]{4}$'::text))",
    "CHECK ((note >= (0)::numeric))",
  ])("lets a null pass where it is %s", (definition) => {
    expect(passesOnNull(definition, ["note"])).toBe(true);
  });

  it.each([
    "CHECK ((note IS NOT NULL))",
    "CHECK (((note > 0) AND (1 > 2)))",
    "CHECK (false)",
    "CHECK ((COALESCE(note, 0) > 1))",
    "CHECK (public.fits(note))",
    "CHECK ((other > 0))",
    "CHECK ((NOT (note IS NULL)))",
    "CHECK (((note > 0) AND false))",
  ])("may refuse a null where it is %s", (definition) => {
    expect(passesOnNull(definition, ["note"])).toBe(false);
  });

  it("lets its own default pass where it is in the list", () => {
    const definition = "CHECK ((state = ANY (ARRAY['new'::text, 'done'::text])))";

    const answers = ["'new'::text", "'other'::text", "now()"].map((text) =>
      listsDefault(definition, "state", text),
    );

    expect(answers).toEqual([true, false, false]);
  });

  it.each([
    "CHECK ((state <> ALL (ARRAY['new'::text])))",
    "CHECK (((state = ANY (ARRAY['new'::text])) AND (length(state) > 9)))",
    "CHECK ((state <> 'new'::text))",
    "CHECK ((NOT (state = ANY (ARRAY['new'::text]))))",
  ])("may refuse its default where it is %s", (definition) => {
    expect(listsDefault(definition, "state", "'new'::text")).toBe(false);
  });
});
