import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { ConfigInvalid, formatProblem } from "../../src/config/problem.ts";
import type { Config } from "../../src/config/schema.ts";

const SHIPPED = new URL("../../config/rollwatch.yaml", import.meta.url);
const DATABASE_URL = "postgresql://watcher:p%40ssword@127.0.0.1:5432/radiation_health";
const ENVIRONMENT = {
  RADIATION_DATABASE_URL: DATABASE_URL,
  RADIATION_ROLLBACK_DATABASE_URL: DATABASE_URL,
  RADIATION_WEBHOOK_URL: "https://hooks.example/T0/abcdef",
  RADIATION_WEBHOOK_SECRET: "0123456789abcdef",
  RADIATION_TOKEN_SYSTEM_ADMINISTRATOR: "token-of-system-administrator",
  RADIATION_TOKEN_DATABASE_ADMINISTRATOR: "token-of-database-administrator",
  RADIATION_TOKEN_DEVOPS_ENGINEER: "token-of-devops-engineer",
  RADIATION_TOKEN_PROJECT_MANAGER: "token-of-project-manager",
  RADIATION_TOKEN_SECURITY_TEAM: "token-of-security-team",
};

const GOOD = `application:
  name: app
  root: /srv/app
  pm2Home: /home/app/.pm2
  services: [{ name: web }, { name: worker }]
  artifacts: [dist]
signals:
  - name: health
    trigger: system-down
    probe: { kind: http, url: "http://127.0.0.1:3000/" }
state: /var/lib/rollwatch/app
`;

let folder = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwC-"));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

async function write(text: string, mode = 0o600): Promise<string> {
  const file = join(folder, "c.yaml");
  await writeFile(file, text);
  await chmod(file, mode);
  return file;
}

async function load(text: string, environment = {}): Promise<Config> {
  return loadConfig(await write(text), environment);
}

/** The problems of a text, without the file's name. */
async function problemsOf(text: string, environment = {}): Promise<readonly string[]> {
  const error: unknown = await load(text, environment).catch((caught: unknown) => caught);
  if (!(error instanceof ConfigInvalid)) {
    throw new Error(`expected an invalid configuration, got ${String(error)}`);
  }
  return error.problems.map((one) => formatProblem(one).replace(`${join(folder, "c.yaml")}:`, ""));
}

describe("a good configuration", () => {
  it("is read with every default filled in", async () => {
    const config = await load(GOOD);

    expect(config.server.listen).toEqual({ host: "127.0.0.1", port: 9876 });
    expect(config.policy.triggers["system-down"].mode).toBe("shadow");
    expect(config.signals[0]?.window).toEqual({ kind: "last" });
    expect(config.database).toBeUndefined();
    expect(config.secrets).toEqual([]);
  });

  it("is the shipped one, with the environment it names", async () => {
    const file = await write(await readFile(SHIPPED, "utf8"));

    const config = await loadConfig(file, ENVIRONMENT);

    expect(config.policy.triggers["system-down"].mode).toBe("auto");
    expect(config.database?.url).toBe(DATABASE_URL);
    expect(config.secrets).toEqual([
      DATABASE_URL,
      "token-of-database-administrator",
      "https://hooks.example/T0/abcdef",
      "token-of-system-administrator",
      "token-of-devops-engineer",
      "token-of-project-manager",
      "token-of-security-team",
      "0123456789abcdef",
      "p%40ssword",
      "p@ssword",
    ]);
  });

  it("has the credentials and the query of what is probed among its secrets", async () => {
    const probed = "http://watch:ge%20heim@127.0.0.1:1/?key=abc%20defgh&full=true";
    const text = GOOD.replace(/http:\/\/127[^\s,}"]*/u, probed);

    const config = await load(text);

    expect(text).toContain(probed);
    expect(config.secrets.toSorted()).toEqual(["abc defgh", "abc%20defgh", "ge heim", "ge%20heim"]);
  });

  it("has a hash that changes with the settings but not with the secrets", async () => {
    const text = `${GOOD}database: { url: "\${URL}" }\n`;
    const one = await load(text, { URL: "postgres://u:first@h/d" });
    const sameButSecret = await load(text, { URL: "postgres://u:second@h/d" });
    const other = await load(text, { URL: "postgres://u:first@h/other" });

    expect(sameButSecret.hash).toBe(one.hash);
    expect(other.hash).not.toBe(one.hash);
  });
});

describe("references", () => {
  it("take a text from the environment, also in the middle of another", async () => {
    const config = await load(GOOD.replace("/srv/app", "/srv/${NAME}"), { NAME: "thing" });

    expect(config.application.root).toBe("/srv/thing");
  });

  it("take a secret from a file without its last line break", async () => {
    const secret = join(folder, "secret");
    await writeFile(secret, "a-secret-of-some-length\n");
    const hook = `{ kind: webhook, url: "http://127.0.0.1/", secret: "file:${secret}" }`;

    const config = await load(
      `${GOOD}notify: { channels: { log: { kind: log }, hook: ${hook} } }\n`,
    );

    expect(config.notify.channels["hook"]).toMatchObject({ secret: "a-secret-of-some-length" });
    expect(config.secrets).toContain("a-secret-of-some-length");
  });

  it("are problems when they lead nowhere, and nothing else is said about that value", async () => {
    const text = `${GOOD}database: { url: "\${NO_URL}" }\nrelease: { bake: "file:/nowhere/at/all" }\n`;

    const problems = await problemsOf(text);

    expect(problems).toHaveLength(2);
    expect(problems[0]).toContain("12:18  database.url  expected the environment variable NO_URL");
    expect(problems[1]).toContain("expected a readable file at /nowhere/at/all");
  });

  it("can be escaped", async () => {
    const config = await load(GOOD.replace("/srv/app", () => "/srv/$${NAME}"));

    expect(config.application.root).toBe("/srv/${NAME}");
  });
});

describe("an invalid configuration", () => {
  it("tells all its problems at once, in the order of the file, with place and cure", async () => {
    const text = GOOD.replace("name: app", "name: My App")
      .replace("  artifacts: [dist]\n", "  artefacts: [dist]\n")
      .replace("kind: http", "kind: htp")
      .concat("release: { bake: 10 }\nserver: { listen: 0.0.0.0:80 }\n");

    const problems = await problemsOf(text);

    expect(problems.map((line) => line.split("  ").slice(0, 2).join(" "))).toEqual([
      "1:1 application.artifacts",
      "2:9 application.name",
      "6:3 application.artefacts",
      "10:20 signals[0].probe.kind",
      "12:18 release.bake",
      "13:19 server.listen",
    ]);
    expect(problems[2]).toContain('did you mean "artifacts"?');
    expect(problems[3]).toContain('did you mean "http"?');
    expect(problems[4]).toContain("write 10s or 10ms");
    expect(problems[5]).toContain("for Prometheus on another machine set server.metrics");
  });

  it("never shows a secret", async () => {
    const text = [
      GOOD.replace("http://127.0.0.1:3000/", "postgres://me:hunter22@h/"),
      "database: { url: 'mysql://root:swordfish@h/d' }",
      "notify: { channels: { hook: { kind: webhook, url: 'nonsense-token', secret: tooshort } } }",
    ].join("\n");

    const problems = (await problemsOf(text)).join("\n");

    expect(problems.split("\n").length).toBeGreaterThanOrEqual(4);
    expect(problems).not.toMatch(/hunter22|swordfish|nonsense-token|tooshort/u);
  });

  it("never shows a secret of a file that is no YAML", async () => {
    const problems = (await problemsOf("- 'postgres://me:hunter22\n")).join("\n");

    expect(problems).toContain("expected valid YAML");
    expect(problems).not.toContain("hunter22");
  });

  it.each([
    // An empty file lacks everything.
    ["", "application"],
    // A key that is written twice would silently lose one value.
    [`${GOOD}state: /tmp/other\n`, "expected this key only once"],
    // A second document would silently be left out.
    [`${GOOD}---\nmore: 1\n`, "expected valid YAML"],
    // A tag that is not known would silently become a text.
    [GOOD.replace("/srv/app", "!path /srv/app"), "expected valid YAML"],
    [`[a, secret]: 1\n${GOOD}`, "a key must be a word"],
    [`${GOOD}notify: { routes: { page: [pager] } }\n`, "notify.routes.page[0]"],
    // A link that would lead nowhere, and one that two people would have.
    [`${GOOD}people: { contacts: [{ name: Ada, linksTo: log }] }\n`, "server.publicUrl beside it"],
    [
      `${GOOD}server: { publicUrl: "https://r.example" }\npeople: { contacts: [{ name: Ada, linksTo: log }, { name: Bo, linksTo: log }] }\n`,
      "a channel of this person's own",
    ],
    [GOOD.replace("{ name: worker }", "{ name: web }"), "application.services[1].name"],
    [GOOD.replace("  artifacts", "  serving: wbe\n  artifacts"), 'did you mean "web"?'],
    [
      GOOD.replace("  artifacts", "  source: artifact\n  artifacts"),
      "a file for the source `artifact`",
    ],
    [
      GOOD.replace("  artifacts", "  artifact: a.tgz\n  artifacts"),
      "set application.source to artifact",
    ],
    [
      `${GOOD}database: { url: "${DATABASE_URL}", dump: { schedule: "2h" } }\n`,
      "expected five fields as cron writes them",
    ],
    [
      `${GOOD}database: { url: "${DATABASE_URL}", dump: { secureCopy: backups } }\n`,
      "database.dump.secureCopy",
    ],
    [GOOD.replace("/var/lib/rollwatch/app", "/srv/app/../app/state"), "outside application.root"],
    [GOOD.replace("/var/lib/rollwatch/app", `/${"s".repeat(88)}`), "at most 88 bytes"],
    [GOOD.replace("/home/app/.pm2", `/${"h".repeat(94)}`), "at most 94 bytes"],
    // These rules can never fire.
    [GOOD.replace("system-down\n", "system-down\n    limit: 1\n"), "could never fire"],
    [GOOD.replace("system-down\n", "system-down\n    minSamples: 2\n"), "could never fire"],
    [
      GOOD.replace("system-down\n", "system-down\n    window: 10s\n    minSamples: 6\n"),
      "its window holds 5 samples",
    ],
    [
      GOOD.replace('{ kind: http, url: "http://127.0.0.1:3000/" }', "{ kind: pm2 }\n    limit: 2"),
      "measures at most 2 (services down)",
    ],
    [
      GOOD.replace(
        '{ kind: http, url: "http://127.0.0.1:3000/" }',
        "{ kind: postgres, measure: failure }",
      ),
      "signals[0].probe.kind",
    ],
    [
      GOOD.replace(
        '{ kind: http, url: "http://127.0.0.1:3000/" }',
        "{ kind: sql, query: select 1 }",
      ),
      'add the group "database"',
    ],
    [
      GOOD.replace(
        '{ kind: http, url: "http://127.0.0.1:3000/" }',
        '{ kind: synthetic-alert, url: "http://h/", body: { n: "{{mark}}" }, expectMessage: { url: "ws://h/" }, cleanUp: { sql: [delete from r where n = $1] } }',
      ),
      'add the group "database"',
    ],
    [
      GOOD.replace(
        '{ kind: http, url: "http://127.0.0.1:3000/" }',
        '{ kind: scrape, url: "http://127.0.0.1:3000/", measure: errors, over: x }\n    limit: 5%',
      ),
      "signals[0].probe.over",
    ],
    [
      GOOD.replace(
        '{ kind: http, url: "http://127.0.0.1:3000/" }',
        '{ kind: scrape, url: "http://127.0.0.1:3000/", measure: gauge }',
      ),
      'add "metric:" under signals[0].probe',
    ],
    [`${GOOD}verify: { timeout: 25s }\n`, "no rollback could ever be proven"],
    // Keys that mean nothing together, and a value that a field of an answer can never be.
    [GOOD.replace('3000/"', '3000/", measure: latency, expectBody: ok'), "probe.expectBody"],
    [
      GOOD.replace('3000/"', '3000/", expectJson: { status: [ok] }'),
      "expected a text, a number, true, false or null, found a list of 1",
    ],
  ])("is refused: %#", async (text, expected) => {
    const problems = await problemsOf(text);

    expect(problems.join("\n")).toContain(expected);
  });

  it("is refused where rollwatch runs in the application's own pm2", async () => {
    const named = await problemsOf(GOOD, { PM2_HOME: "/home/app/.pm2/" });
    const byDefault = await problemsOf(GOOD, { HOME: "/home/app", pm_id: "3" });

    expect(named.join()).toContain("4:12  application.pm2Home");
    expect(byDefault.join()).toContain("4:12  application.pm2Home");
    await expect(load(GOOD, { PM2_HOME: "/var/lib/rollwatch/app/pm2" })).resolves.toBeDefined();
  });
});

describe("the file itself", () => {
  it.each([0o620, 0o602, 0o666])("is refused when others may write it: %o", async (mode) => {
    const file = await write(GOOD, mode);

    await expect(loadConfig(file, {})).rejects.toMatchObject({ code: "state-exposed" });
  });

  it("is missed with a word on how to name it", async () => {
    await expect(loadConfig(join(folder, "none.yaml"), {})).rejects.toMatchObject({
      code: "config-invalid",
      hint: expect.stringContaining("--config"),
    });
  });
});
