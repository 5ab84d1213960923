import { describe, expect, it } from "vitest";
import type { Reading } from "../../../src/model/sample.ts";
import { createDnsProbe, DnsProbeSettings } from "../../../src/observe/probes/dns.ts";
import type { NameRecords } from "../../../src/system/resolver.ts";
import { fakeResolver } from "../../support/fakes/resolver.ts";

const NEVER = new AbortController().signal;

async function readingOf(records: NameRecords, more: object = {}): Promise<Reading> {
  const settings = DnsProbeSettings.parse({ kind: "dns", name: "app.test", ...more });
  const resolver = fakeResolver();
  resolver.set(settings.name, settings.type, records);
  return createDnsProbe("name", settings, { resolver }).sample(NEVER);
}

function found(...values: readonly string[]): NameRecords {
  return { kind: "found", values };
}

describe("the dns probe", () => {
  it("measures 0 for any answer", async () => {
    expect(await readingOf(found("192.0.2.1", "192.0.2.2"))).toEqual({
      kind: "measured",
      value: 0,
      detail: "app.test is 192.0.2.1, 192.0.2.2",
    });
  });

  it.each([
    // What is found, what is expected, and of which type.
    [["192.0.2.2", "192.0.2.1"], ["192.0.2.1", "192.0.2.2"], "A"],
    [["2001:db8::a"], ["2001:DB8::A"], "AAAA"],
    [["app.test"], ["App.Test."], "CNAME"],
    [["10 mail.test"], ["10 mail.test."], "MX"],
    [["v=spf1 -all"], ["v=spf1 -all"], "TXT"],
  ])("measures 0 for %j where %j is expected", async (values, expected, type) => {
    expect(await readingOf(found(...values), { expect: expected, type })).toMatchObject({
      value: 0,
    });
  });

  it.each([
    [["192.0.2.9"], ["192.0.2.1"], "A", "app.test is 192.0.2.9, expected 192.0.2.1"],
    [["192.0.2.1", "192.0.2.9"], ["192.0.2.1"], "A", "app.test is 192.0.2.1, 192.0.2.9, expected"],
    [["192.0.2.1"], ["192.0.2.1", "192.0.2.9"], "A", "app.test is 192.0.2.1, expected"],
    [["Key"], ["key"], "TXT", "app.test is Key, expected key"],
  ])("measures 1 for %j where %j is expected", async (values, expected, type, detail) => {
    expect(await readingOf(found(...values), { expect: expected, type })).toMatchObject({
      kind: "measured",
      value: 1,
      detail: expect.stringContaining(detail),
    });
  });

  it("measures 1 where there is no such name, or no such record", async () => {
    expect(await readingOf({ kind: "no-such-name", detail: "d" })).toEqual({
      kind: "measured",
      value: 1,
      detail: "there is no name app.test",
    });
    expect(await readingOf({ kind: "nothing", detail: "d" }, { type: "MX" })).toEqual({
      kind: "measured",
      value: 1,
      detail: "app.test has no record of type MX",
    });
  });

  it("measures nothing where nobody could be asked", async () => {
    expect(await readingOf({ kind: "no-resolver", detail: "ECONNREFUSED" })).toEqual({
      kind: "absent",
      reason: "name-resolution",
      detail: "nobody could resolve app.test: ECONNREFUSED",
    });
  });

  it("tells of many or long records one short line", async () => {
    const many = Array.from({ length: 500 }, (_, place) => `192.0.2.${place}`);

    expect((await readingOf(found(...many))).detail).toBe(
      "app.test is 192.0.2.0, 192.0.2.1, 192.0.2.2, 192.0.2.3 and 496 more",
    );
    expect((await readingOf(found("a\nb\0".repeat(300)), { type: "TXT" })).detail).toHaveLength(
      161,
    );
  });

  it("asks the resolver that it is told, within its timeout", async () => {
    const resolver = fakeResolver();
    const more = { type: "SRV", server: "[::1]:5353", timeout: "1s" };
    const settings = DnsProbeSettings.parse({ kind: "dns", name: "_sip._udp.test", ...more });
    const probe = createDnsProbe("name", settings, { resolver });

    await probe.sample(NEVER);

    expect(resolver.asked).toEqual([
      { name: "_sip._udp.test", type: "SRV", server: "[::1]:5353", timeoutMs: 1000 },
    ]);
    expect(probe).toMatchObject({ kind: "dns", intervalMs: 30_000, timeoutMs: 1000 });
  });

  it.each([
    [{ name: "" }],
    [{ name: "a b" }],
    [{ name: "http://a/" }],
    [{ type: "ANY" }],
    [{ expect: [] }],
    [{ server: "resolver.test" }],
    [{ server: "192.0.2.1:0x35" }],
    [{ server: "999.1.1.1:53" }],
    [{ server: "192.0.2.1:70000" }],
  ])("refuses %j", (more) => {
    expect(DnsProbeSettings.safeParse({ kind: "dns", name: "app.test", ...more }).success).toBe(
      false,
    );
  });
});
