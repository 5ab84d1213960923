import { parse } from "yaml";
import { describe, expect, it } from "vitest";
import { effectiveConfig, printConfig } from "../../src/config/print.ts";
import { ConfigFile } from "../../src/config/schema.ts";
import type { Config } from "../../src/config/schema.ts";
import { secretsOf } from "../../src/config/secrets.ts";

const SETTINGS = {
  application: {
    name: "app",
    root: "/srv/app",
    pm2Home: "/home/app/.pm2",
    services: [{ name: "web", quiesce: "90s" }],
    artifacts: ["dist"],
  },
  signals: [
    {
      name: "health",
      trigger: "system-down",
      probe: { kind: "http", url: "http://127.0.0.1:3000/", timeout: "1500ms" },
      window: "10s",
    },
  ],
  server: { listen: "127.0.0.1:0" },
  state: "/var/lib/rollwatch/app",
};

function aConfig(more: object = {}): Config {
  const secrets = ["postgres://u:geheim@h/d", "geheim", "from-a-file"];
  return { ...ConfigFile.parse({ ...SETTINGS, ...more }), file: "/c.yaml", hash: "ab", secrets };
}

describe("the printed configuration", () => {
  it("is a configuration again, equal to the one it was printed from", () => {
    const config = aConfig();

    const again = ConfigFile.parse(parse(printConfig(config)));

    expect({ ...again, file: "/c.yaml", hash: "ab", secrets: config.secrets }).toEqual(config);
  });

  it.each([
    { kind: "postgres", measure: "failure" },
    { kind: "postgres", measure: "corruption" },
    { kind: "sql", query: "select 1" },
    { kind: "sql", query: "select 1", measure: "fall", retention: "4%" },
    {
      kind: "synthetic-alert",
      url: "http://127.0.0.1:3000/",
      body: { note: "{{mark}}", dose: { value: 1 } },
      expectRow: "select from alerts where note = $1",
      cleanUp: { delete: "http://127.0.0.1:3000/{{mark}}" },
    },
  ])("can be read again with a probe %j", (probe) => {
    const config = aConfig({ signals: [{ ...SETTINGS.signals[0], window: "last", probe }] });

    const printed: unknown = parse(printConfig(config));
    const again = ConfigFile.shape.signals.parse(Reflect.get(Object(printed), "signals"));

    expect(again).toEqual(config.signals);
  });

  it("masks what a clean-up deletes with", () => {
    const cleanUp = {
      sql: ["delete from readings where note = $1"],
      databaseUrl: "postgres://tester:geheim3@h/d",
      headers: { Authorization: "Bearer abc" },
    };
    const probe = {
      kind: "synthetic-alert",
      url: "http://127.0.0.1:3000/",
      body: { note: "{{mark}}" },
      expectRow: "select from alerts where note = $1",
      cleanUp,
    };
    const config = aConfig({ signals: [{ ...SETTINGS.signals[0], window: "last", probe }] });

    expect(secretsOf(config, [])).toEqual(expect.arrayContaining(["geheim3", "Bearer abc"]));
    expect(effectiveConfig(config)).toMatchObject({
      signals: [
        {
          probe: {
            cleanUp: {
              databaseUrl: "postgres://tester:***@h/d",
              headers: { Authorization: "***" },
            },
          },
        },
      ],
    });
  });

  it("writes durations, windows and addresses as people do", () => {
    expect(effectiveConfig(aConfig())).toMatchObject({
      application: { services: [{ quiesce: "90s" }] },
      signals: [{ window: "10s", probe: { interval: "2s", timeout: "1500ms" } }],
      server: { listen: "127.0.0.1:0" },
      release: { bake: "10m" },
    });
  });

  it.each(["64MiB", "1.5GiB", "1KiB", "1025B"])("writes the size %s back", (processLimit) => {
    const signal = { name: "one", trigger: "memory", probe: { kind: "memory", processLimit } };

    expect(effectiveConfig(aConfig({ signals: [signal] }))).toMatchObject({
      signals: [{ probe: { processLimit } }],
    });
  });

  it.each(["5%", "0.1%", "7%", "29%", "33.333%", "100%"])("writes the share %s back", (allowed) => {
    const config = aConfig({ signals: [{ ...SETTINGS.signals[0], allowed }] });

    expect(effectiveConfig(config)).toMatchObject({ signals: [{ allowed }] });
  });

  it("masks password and query of what is probed, and nothing else of it", () => {
    const url = "http://watch:geheim2@127.0.0.1:3000/health?key=abcdefgh";
    const plain = "http://127.0.0.1:3000/health";
    const signal = SETTINGS.signals[0];
    const config = aConfig({
      application: { ...SETTINGS.application, releaseIdFrom: { url: plain, json: "release" } },
      signals: [{ ...signal, probe: { ...signal?.probe, url } }],
    });

    expect(effectiveConfig(config)).toMatchObject({
      application: { releaseIdFrom: { url: plain } },
      signals: [{ probe: { url: "http://watch:***@127.0.0.1:3000/health?***" } }],
    });
  });

  it("masks variables of commands and headers of requests whose name says that they are secret", () => {
    const command = { kind: "command", program: "/bin/true", env: { API_TOKEN: "ab:cd", A: "b" } };
    const headers = { Authorization: "Bearer abc", accept: "text/html" };
    const steps = [{ name: "one", url: "http://127.0.0.1/", headers }];
    const sequence = { kind: "http-sequence", steps };
    const signals = [command, sequence].map((probe, place) => ({
      name: `signal-${place}`,
      trigger: "minor-functionality",
      probe,
    }));

    expect(effectiveConfig(aConfig({ signals }))).toMatchObject({
      signals: [
        { probe: { env: { API_TOKEN: "***", A: "b" } } },
        { probe: { steps: [{ headers: { Authorization: "***", accept: "text/html" } }] } },
      ],
    });
  });

  it("masks secrets by what they are and by where they came from", () => {
    const hook = {
      kind: "webhook",
      url: "https://h.example/T0/abc?key=1",
      secret: "0123456789abcdef",
    };
    const config = aConfig({
      database: { url: "postgres://u:geheim@h/d", migrations: { table: "from-a-file" } },
      notify: { channels: { log: { kind: "log" }, hook } },
    });

    expect(effectiveConfig(config)).toMatchObject({
      database: { url: "postgres://u:***@h/d", migrations: { table: "***" } },
      notify: { channels: { hook: { url: "https://h.example/***?***", secret: "***" } } },
    });
    expect(printConfig(config)).not.toMatch(/geheim|T0|0123456789abcdef|from-a-file/u);
  });
});
