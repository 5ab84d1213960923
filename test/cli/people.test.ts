import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runCli } from "../../src/cli/program.ts";
import type { CliPorts } from "../../src/cli/ports.ts";
import { withTempFolder } from "../support/temp.ts";

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const FILE = `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }]
  artifacts: [dist]
signals: [{ name: health, trigger: system-down, probe: { kind: pm2 } }]
policy:
  triggers:
    data-corruption: { mode: recommend }
    slow-responses: { mode: recommend }
notify:
  channels: { log: { kind: log }, pager: { kind: log }, phone: { kind: log } }
  routes: { page: [log, pager], tell: [log], fallback: [phone] }
people:
  calendar: { timeZone: Europe/Berlin }
  escalation: { second: 10m, third: 0s }
  contacts:
    - { name: Ada, roles: [database-administrator], token: 0123456789abcdef, channels: [phone], hours: [business, after-hours, weekend] }
    - { name: Bo, roles: [system-administrator], token: 0123456789abcdeg, channels: [pager], hours: [business] }
    - { name: Cy, roles: [senior-management], channels: [phone] }
    - { name: Di, roles: [executives], channels: [phone] }
state: /var/lib/rollwatch
`;

async function notNeeded(): Promise<never> {
  return Promise.reject(new Error("looking at people needs nothing else"));
}

async function rollwatch(argv: readonly string[], more: Partial<CliPorts> = {}): Promise<Outcome> {
  return withTempFolder(async (folder) => {
    const file = join(folder, "rollwatch.yaml");
    await writeFile(file, FILE, { mode: 0o600 });
    let out = "";
    let err = "";
    const ports: CliPorts = {
      out: (text) => {
        out += text;
      },
      err: (text) => {
        err += text;
      },
      environment: { ROLLWATCH_CONFIG: file, USER: "zoe" },
      isTerminal: false,
      canAsk: false,
      ask: notNeeded,
      sleep: notNeeded,
      host: { version: "9.9.9", pid: 1, nodeVersion: "v20.20.2", announceReady: () => undefined },
      now: () => Date.parse("2026-11-23T12:00Z"),
      exists: () => false,
      openOperations: notNeeded,
      openActions: notNeeded,
      openDatabaseRows: notNeeded,
      init: notNeeded,
      doctor: notNeeded,
      exportIncident: notNeeded,
      followUps: notNeeded,
      testChannels: notNeeded,
      replay: notNeeded,
      runDaemon: notNeeded,
      deployUnderLock: notNeeded,
      openGuardOutside: () => ({ probe: notNeeded, page: notNeeded }),
      ...more,
    };
    const code = await runCli(argv, ports, new AbortController().signal);
    return { code, out, err };
  });
}

describe("rollwatch people who", () => {
  it("says who would be told, called and asked", async () => {
    const { code, out } = await rollwatch(["people", "who"]);

    expect(code).toBe(0);
    expect(out).toContain("2026-11-23 12:00:00 UTC, business");
    expect(out).toMatch(/pages +log, pager\n/u);
    expect(out).toMatch(/pages not taken +phone\n/u);
    expect(out).toMatch(
      /at once +rollback team +immediate, fast, planned +Ada \(phone\); Bo \(pager\)/u,
    );
    expect(out).toMatch(/after 10 min +senior management +immediate, fast +Cy \(phone\)/u);
    expect(out).toMatch(/never +executives/u);
    expect(out).toMatch(
      /data-corruption +immediate +recommend +database-administrator and system-administrator +Ada, Bo/u,
    );
    expect(out).toMatch(/slow-responses +fast +recommend +devops-engineer +nobody can approve/u);
  });

  it("at night leaves those out who are not on duty", async () => {
    const { out } = await rollwatch(["people", "who", "--at", "2026-11-24T03:00+01:00"]);

    expect(out).toContain("2026-11-24 02:00:00 UTC, after-hours");
    expect(out).toMatch(/at once .* Ada \(phone\)\n/u);
    expect(out).toMatch(/data-corruption .* Ada, Bo \(off duty\)/u);
  });

  it("of one trigger tells programs as far up as its tier goes", async () => {
    const { out } = await rollwatch(["people", "who", "--trigger", "slow-responses", "--json"]);

    expect(JSON.parse(out)).toEqual({
      at: Date.parse("2026-11-23T12:00Z"),
      hours: "business",
      routes: { page: ["log", "pager"], tell: ["log"], fallback: ["phone"] },
      levels: [
        {
          level: 1,
          afterMs: 0,
          tiers: ["fast"],
          people: [
            { name: "Ada", roles: ["database-administrator"], channels: ["phone"] },
            { name: "Bo", roles: ["system-administrator"], channels: ["pager"] },
          ],
        },
        {
          level: 2,
          afterMs: 600_000,
          tiers: ["fast"],
          people: [{ name: "Cy", roles: ["senior-management"], channels: ["phone"] }],
        },
      ],
      deciders: [
        {
          trigger: "slow-responses",
          tier: "fast",
          mode: "recommend",
          roles: ["devops-engineer"],
          everyRole: false,
          people: [],
        },
      ],
    });
  });

  it.each(["tomorrow", "2026-11-24T03:00", "2026-13-24T03:00Z"])("refuses %s", async (at) => {
    const { code, err } = await rollwatch(["people", "who", "--at", at]);

    expect(code).toBe(2);
    expect(err).toContain("is no moment");
    expect(err).toContain("2026-12-25T03:00+01:00");
  });
});

describe("rollwatch people test", () => {
  it("asks every channel, tells each answer, and fails with one of them", async () => {
    const asked: unknown[] = [];
    const { code, out } = await rollwatch(["people", "test"], {
      testChannels: async (_config, test) => {
        asked.push(test);
        return [
          { channel: "log", isDelivered: true, detail: "" },
          { channel: "pager", isDelivered: false, detail: "timeout: no answer in 10s" },
        ];
      },
    });

    expect(code).toBe(1);
    expect(asked).toEqual([{ names: ["log", "pager", "phone"], by: "zoe" }]);
    expect(out).toMatch(/delivered +log/u);
    expect(out).toMatch(/failed +pager +timeout: no answer in 10s/u);
  });

  it("asks those alone that are named", async () => {
    const { code, out } = await rollwatch(["people", "test", "phone", "--json", "--by", "Ada"], {
      testChannels: async (_config, { names, by }) => [
        { channel: `${by}:${names.join(",")}`, isDelivered: true, detail: "" },
      ],
    });

    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      answers: [{ channel: "Ada:phone", isDelivered: true, detail: "" }],
    });
  });

  it("knows no channel that is not configured", async () => {
    const { code, err } = await rollwatch(["people", "test", "telegraph"]);

    expect(code).toBe(2);
    expect(err).toContain('there is no channel "telegraph"');
    expect(err).toContain("log, pager, phone");
  });
});

it("config validate warns of a role that is asked and that nobody has", async () => {
  const { code, out, err } = await rollwatch(["config", "validate"]);

  expect(code).toBe(0);
  expect(out).toContain("is valid");
  expect(err).toBe(
    "warning: nobody can approve for slow-responses: add somebody with the role devops-engineer and a token to people.contacts\n",
  );
});
