import { describe, expect, it } from "vitest";
import { checkOrder } from "../../src/config/check-order.ts";
import { ApplicationSettings } from "../../src/model/application.ts";

type Raw = Readonly<Record<string, unknown>>;

function findingsOf(services: readonly Raw[], configFiles: Raw = {}): readonly string[] {
  const application = ApplicationSettings.parse({
    name: "app",
    root: "/srv/app",
    pm2Home: "/srv/pm2",
    services,
    artifacts: ["server"],
    configFiles,
  });
  return checkOrder(application).map(
    ({ path, found, hint }) => `${path.join(".")} ${found}: ${hint}`,
  );
}

describe("what services wait for", () => {
  it("is right when it stands earlier in the list", () => {
    expect(findingsOf([{ name: "web" }, { name: "feed", after: ["web"] }])).toEqual([]);
  });

  it.each([
    // Later in the list: it would be restarted before what it waits for.
    [[{ name: "feed", after: ["web"] }, { name: "web" }], "put web before feed"],
    // Itself: nothing could ever begin.
    [[{ name: "web", after: ["web"] }], "put web before web"],
    // A slip.
    [[{ name: "web" }, { name: "feed", after: ["wbe"] }], 'did you mean "web"?'],
  ])("is refused for %j", (services, hint) => {
    expect(findingsOf(services)).toEqual([expect.stringContaining(hint)]);
  });
});

describe("kinds of configuration", () => {
  it("may be any, and services read those that there are", () => {
    const services = [{ name: "web", reads: ["limits", "environment"] }];

    expect(findingsOf(services, { limits: ["limits.yaml"] })).toEqual([]);
  });

  it("are refused where nobody declared them", () => {
    expect(findingsOf([{ name: "web", reads: ["limits"] }])).toEqual([
      expect.stringContaining("application.services.0.reads.0"),
    ]);
  });

  it("are refused where they are a slip of a usual one", () => {
    expect(findingsOf([{ name: "web" }], { enviroment: [".env"] })).toEqual([
      'application.configFiles.enviroment "enviroment": did you mean "environment"?',
    ]);
  });

  it("are words in lower case", () => {
    expect(() => findingsOf([{ name: "web" }], { "My Kind": ["a"] })).toThrow("lower-case");
  });
});
