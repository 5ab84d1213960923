import { describe, expect, it } from "vitest";
import { type Expectations, faultOf } from "../../src/observe/expectations.ts";

const BODY = JSON.stringify({
  status: "ok",
  pool: { waiting: 0, "is.full": false },
  queues: [{ name: "csv", stuck: null }],
  note: "x".repeat(200),
});

function faultIn(body: string, expected: Partial<Expectations>): string | undefined {
  const phases = { totalMs: 1 };
  return faultOf(
    { kind: "answered", status: 200, headers: {}, body, phases },
    { expectStatus: [200], ...expected },
  );
}

describe("the fault of an answer", () => {
  it.each([
    [{ status: "ok" }],
    [{ "pool.waiting": 0 }],
    [{ "queues.0.name": "csv", "queues.0.stuck": null }],
    [{}],
  ])("is none when the fields are %j", (expectJson) => {
    expect(faultIn(BODY, { expectJson })).toBeUndefined();
  });

  it.each([
    [{ status: "fine" }, 'its field status is "ok", expected "fine"'],
    [{ "pool.waiting": "0" }, 'its field pool.waiting is 0, expected "0"'],
    [{ "pool.used": 1 }, "its field pool.used is not there, expected 1"],
    [{ "status.deep": 1 }, "its field status.deep is not there, expected 1"],
    [{ pool: true }, "its field pool is a group of fields, expected true"],
    [{ queues: 1 }, "its field queues is a list, expected 1"],
    [{ "queues.0.stuck": false }, "its field queues.0.stuck is null, expected false"],
    // Inherited, not answered.
    [{ "pool.__proto__": 1 }, "its field pool.__proto__ is not there, expected 1"],
    [{ note: "y" }, `its field note is "${"x".repeat(79)}…, expected "y"`],
    [{ status: "ok", "pool.waiting": 3 }, "its field pool.waiting is 0, expected 3"],
  ])("names the field that is not as in %j", (expectJson, fault) => {
    expect(faultIn(BODY, { expectJson })).toContain(fault);
  });

  it.each(["", "<html>", '{"status":"ok"'])("is that %j is no JSON", (body) => {
    expect(faultIn(body, { expectJson: { status: "ok" } })).toBe("its answer is no JSON");
  });

  it("is that a text is missing in the body", () => {
    expect(faultIn("all is well", { expectBody: "well" })).toBeUndefined();
    expect(faultIn("all is lost", { expectBody: "well" })).toBe(
      'its answer does not contain "well"',
    );
  });

  it("is the status before anything in the body", () => {
    const fault = faultIn("", { expectStatus: [204], expectBody: "well" });

    expect(fault).toBe("it answered 200, expected 204");
  });
});
