import { expect, it } from "vitest";
import { parse } from "yaml";
import { shippedAt } from "../../lab/shipped-configuration.ts";

const PLACE = {
  root: "/tmp/rw-x/app",
  pm2Home: "/tmp/rw-x/pm2",
  state: "/tmp/rw-x/state",
  listen: "127.0.0.1:17003",
  api: "http://127.0.0.1:17001",
  webSocket: "ws://127.0.0.1:17002",
  calibration: "http://127.0.0.1:17004",
  registry: "http://127.0.0.1:17005",
  bake: "20s",
};
/** Addresses, paths, and the bake time. */
const MAY_DIFFER = /(^|\.)(url|registry|root|pm2Home|listen|state|bake|cwd|args\.\d+)$/u;

/** Every value by the path of its key. */
function valuesOf(node: unknown, at = ""): ReadonlyMap<string, unknown> {
  if (typeof node !== "object" || node === null) {
    return new Map([[at, node]]);
  }
  return new Map(
    Object.entries(node).flatMap(([key, value]) => [
      ...valuesOf(value, at === "" ? key : `${at}.${key}`),
    ]),
  );
}

it("differs from the shipped file in addresses, paths and the bake time alone", async () => {
  const { shipped, text } = await shippedAt(PLACE);

  const before = valuesOf(parse(shipped));
  const after = valuesOf(parse(text));
  const changed = [...before.keys()].filter((key) => before.get(key) !== after.get(key));

  expect([...after.keys()]).toEqual([...before.keys()]);
  expect(changed.filter((key) => !MAY_DIFFER.test(key))).toEqual([]);
  expect(changed).toContain("release.bake");
});

it("leaves no address of the shipped system in it", async () => {
  const { text, differences } = await shippedAt(PLACE);

  const values = [...valuesOf(parse(text)).values()].join("\n");

  expect(values).not.toMatch(/127\.0\.0\.1:(3000|3001|3002|4873|9876)\b|\/srv\/|\/home\/|\/var\//u);
  expect(differences.length).toBeGreaterThan(5);
});
