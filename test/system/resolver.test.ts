import { afterEach, describe, expect, it } from "vitest";
import { openClock } from "../../src/system/clock.ts";
import { type NameQuestion, type NameRecords, openResolver } from "../../src/system/resolver.ts";
import { resolverContract } from "../contracts/resolver.ts";
import { fakeResolver } from "../support/fakes/resolver.ts";
import { type NameServer, named, openNameServer, text, zoneOf } from "../support/name-server.ts";

const NEVER = new AbortController().signal;
const clock = openClock();
const resolver = openResolver(clock);
const servers: NameServer[] = [];

const ZONE = zoneOf(
  {
    "app.test A": [Buffer.from([192, 0, 2, 1]), Buffer.from([192, 0, 2, 2])],
    "app.test AAAA": [Buffer.from(`20010db8${"0".repeat(23)}1`, "hex")],
    "www.app.test CNAME": [named("app.test")],
    "mail.test MX": [named("a.mail.test", 10), named("b.mail.test", 20)],
    "spf.test TXT": [text("v=spf1 ", "-all"), text("other")],
    "_sip._udp.test SRV": [named("sip.test", 10, 5, 5060)],
  },
  { "broken.test": 2, "refused.test": 5, "silent.test": "silence" },
);

afterEach(async () => {
  for (const server of servers.splice(0)) {
    await server.close();
  }
});

async function serving(): Promise<string> {
  const server = await openNameServer(ZONE);
  servers.push(server);
  return server.address;
}

async function ask(
  name: string,
  type: NameQuestion["type"],
  timeoutMs = 5000,
): Promise<NameRecords> {
  return resolver.resolve({ name, type, timeoutMs, server: await serving() }, NEVER);
}

resolverContract("the real one", async () => ({ resolver, server: await serving() }));

resolverContract("the fake", async () => {
  const fake = fakeResolver();
  fake.set("app.test", "A", { kind: "found", values: ["192.0.2.1", "192.0.2.2"] });
  fake.set("app.test", "MX", { kind: "nothing", detail: "queryMx ENODATA app.test" });
  return { resolver: fake };
});

describe("a record", () => {
  it.each<readonly [string, NameQuestion["type"], readonly string[]]>([
    ["app.test", "AAAA", ["2001:db8::1"]],
    ["www.app.test", "CNAME", ["app.test"]],
    ["mail.test", "MX", ["10 a.mail.test", "20 b.mail.test"]],
    ["spf.test", "TXT", ["v=spf1 -all", "other"]],
    ["_sip._udp.test", "SRV", ["10 5 5060 sip.test"]],
  ])("of %s %s is told as zone files have it", async (name, type, values) => {
    const records = await ask(name, type);

    expect(records).toEqual({ kind: "found", values });
  });
});

describe("a resolver that cannot answer", () => {
  it.each(["broken.test", "refused.test"])("says nothing of the name: %s", async (name) => {
    expect(await ask(name, "A")).toMatchObject({ kind: "no-resolver" });
  });

  it("is given up in time", async () => {
    expect(await ask("silent.test", "A", 150)).toMatchObject({ kind: "no-resolver" });
  });

  it("may not be there at all", async () => {
    const server = await serving();
    await servers.pop()?.close();

    const records = await resolver.resolve(
      { name: "app.test", type: "A", timeoutMs: 400, server },
      NEVER,
    );

    expect(records).toMatchObject({ kind: "no-resolver" });
  });

  it("holds no question back that is aborted: its reason is thrown", async () => {
    const controller = new AbortController();
    const reason = new Error("told to stop");
    const question = { name: "silent.test", type: "A", timeoutMs: 60_000 } as const;

    const asking = resolver.resolve({ ...question, server: await serving() }, controller.signal);
    const started = clock.monotonic();
    controller.abort(reason);

    await expect(asking).rejects.toBe(reason);
    // Node's resolver by itself would wait for seconds.
    expect(clock.monotonic() - started).toBeLessThan(3000);
  });
});
