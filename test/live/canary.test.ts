import { randomBytes } from "node:crypto";
import { readdir, readFile, stat, writeFile } from "node:fs/promises";
import http from "node:http";
import { createServer as createTcpServer, type Server as TcpServer } from "node:net";
import { join, sep } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { startCluster } from "../../lab/cluster.ts";
import { readOverSocket } from "../../lab/over-socket.ts";
import type { Entry } from "../../src/model/facts.ts";
import { IncidentReport } from "../../src/model/operations.ts";
import { type ActingLab, openActingLab } from "./support/acting-lab.ts";
import { endCleanly } from "./support/crash-lab.ts";
import { factsOf } from "./support/restored.ts";

const LIMIT_MS = 90_000;
const SAMPLE_MS = 15;
/** Released code and configuration, which a capture must hold as they are; nobody else may read it. */
const CAPTURES = /^(releases|warm|staging)\//u;

/** A secret that stands nowhere else, by the place where it is put. */
const CANARIES = {
  database: aCanary("database"),
  rollback: aCanary("rollback"),
  adaToken: aCanary("ada"),
  heartbeat: aCanary("heartbeat"),
  webhookPath: aCanary("path"),
  webhookSecret: aCanary("secret"),
  slackPath: aCanary("slack-path"),
  slackBot: aCanary("slack-bot"),
  slackSigning: aCanary("slack-signing"),
  mail: aCanary("mail"),
  // A routing key has 32 letters and digits.
  pagerduty: randomBytes(16).toString("hex"),
  opsgenie: aCanary("opsgenie"),
  alertmanager: aCanary("alertmanager"),
  statusPage: aCanary("status-page"),
  metrics: aCanary("metrics"),
  environment: aCanary("environment"),
  environmentUrl: aCanary("url"),
  service: aCanary("service"),
  serviceUrl: aCanary("service-url"),
} as const;

/** The channels that quote what they are told. */
const QUOTING = ["slack", "bot", "mail", "pagerduty", "opsgenie", "alertmanager"];

/** The incident is closed, who is well was told, and who quotes has refused. */
function isOver(entries: readonly Entry[]): boolean {
  const taken = factsOf(entries, "notice-delivered").filter(
    ({ channel }) => channel === "operations",
  );
  const failing = new Set(factsOf(entries, "notice-failed").map(({ channel }) => channel));
  return (
    factsOf(entries, "closed").length > 0 &&
    taken.length > 2 &&
    QUOTING.every((one) => failing.has(one))
  );
}

/** What takes long, and says the same to programs as to people. */
const LOOKS: ReadonlySet<string> = new Set(["validate", "explain", "check", "record", "aside"]);

let lab: ActingLab;

beforeAll(async () => {
  lab = await openActingLab();
}, 120_000);

afterAll(async () => {
  const problems = await lab.end();
  if (problems.length > 0) {
    throw new Error(`left behind: ${problems.join("; ")}`);
  }
});

function aCanary(place: string): string {
  return `canary-${place}-${randomBytes(12).toString("hex")}`;
}

/** Everything that was produced, by where it was found. */
type Found = Map<string, string>;

/** What is the same of it wherever in a text it begins that is encoded as a whole. */
function inBase64(canary: string): readonly string[] {
  return ["", "x", "xx"].map((before) =>
    Buffer.from(`${before}${canary}`)
      .toString("base64")
      .slice(before === "" ? 0 : 4, -4),
  );
}

/** The canaries in these words, plain or in base64, each with the place that it was found in. */
function canariesIn(found: Found): readonly string[] {
  return [...found].flatMap(([where, words]) =>
    Object.entries(CANARIES).flatMap(([name, canary]) => {
      const at = [canary, ...inBase64(canary)]
        .map((one) => words.indexOf(one))
        .find((one) => one >= 0);
      return at === undefined ? [] : [`${name} in ${where}: …${words.slice(at - 60, at + 30)}…`];
    }),
  );
}

/** Takes whatever is sent, with its headers, but for the path and signature that the receiver knows. */
async function startReceiver(bodies: string[]): Promise<string> {
  const server = http.createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(`${JSON.stringify(request.headers)}\n${body}`);
      return response.writeHead(204).end();
    });
  });
  const port = await lab.lab.port();
  await new Promise<void>((resolve) => {
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  lab.lab.onEnd("canary receiver", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${port}/${CANARIES.webhookPath}`;
}

/** Refuses whatever comes, and quotes it with its headers, as some proxies do. */
async function startQuoting(): Promise<string> {
  const server = http.createServer((request, response) => {
    void text(request).then((body) => {
      const quoted = `${request.url} ${JSON.stringify(request.headers)}\n${body}`;
      return response.writeHead(500).end(quoted);
    });
  });
  return listen(server);
}

/** Refuses whoever logs in, and quotes what was said. */
async function startQuotingMail(): Promise<string> {
  const server = createTcpServer((socket) => {
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.write("220 mail.example\r\n");
    socket.on("data", (line: string) => {
      const isHello = /^(ehlo|helo)/iu.test(line);
      socket.write(isHello ? "250-mail.example\r\n250 AUTH PLAIN LOGIN\r\n" : `535 no: ${line}`);
    });
  });
  return listen(server);
}

async function listen(server: http.Server | TcpServer): Promise<string> {
  const port = await lab.lab.port();
  await new Promise<void>((resolve) => {
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  lab.lab.onEnd("canary listener", async () => {
    server.close();
  });
  return `127.0.0.1:${port}`;
}

/** Channels that never take anything, each with its secret. */
async function quotingChannels(): Promise<Readonly<Record<string, unknown>>> {
  const url = `http://${await startQuoting()}`;
  const mail = `smtp://rollwatch:${CANARIES.mail}@${await startQuotingMail()}`;
  return {
    slack: { kind: "slack", url: `${url}/services/${CANARIES.slackPath}` },
    bot: {
      kind: "slack-bot",
      url,
      channel: "C0123456789",
      token: CANARIES.slackBot,
      signingSecret: CANARIES.slackSigning,
    },
    mail: {
      kind: "email",
      url: mail,
      tls: "off",
      from: "rollwatch@example.com",
      to: ["ada@example.com"],
    },
    pagerduty: { kind: "pagerduty", url, routingKey: CANARIES.pagerduty },
    opsgenie: { kind: "opsgenie", url, apiKey: CANARIES.opsgenie },
    alertmanager: { kind: "alertmanager", url, token: CANARIES.alertmanager },
  };
}

/** Puts a canary in every place of the configuration that holds a secret. */
async function plant(bodies: string[]): Promise<void> {
  const quoting = await quotingChannels();
  const cluster = await startCluster(lab.lab);
  await cluster.admin(`create role app login password '${CANARIES.database}'`);
  await cluster.admin("create database app owner app");
  const Shape = z.looseObject({
    signals: z.array(z.unknown()),
    people: z.looseObject({ contacts: z.array(z.looseObject({ name: z.string() })) }),
    notify: z.looseObject({ channels: z.looseObject({}) }),
    server: z.looseObject({}),
  });
  const before = Shape.parse(parse(await readFile(lab.configuration, "utf8")));
  const after = {
    ...before,
    database: {
      url: cluster.url("app", CANARIES.database, "app"),
      rollback: { url: cluster.url("app", CANARIES.rollback, "app") },
    },
    signals: [
      ...before.signals,
      {
        name: "beat",
        trigger: "minor-functionality",
        probe: { kind: "heartbeat", period: "1h", token: CANARIES.heartbeat },
      },
    ],
    people: {
      contacts: before.people.contacts.map((one) =>
        one.name === "Ada" ? { ...one, token: CANARIES.adaToken } : one,
      ),
    },
    notify: {
      ...before.notify,
      channels: {
        ...before.notify.channels,
        operations: {
          kind: "webhook",
          url: await startReceiver(bodies),
          secret: CANARIES.webhookSecret,
        },
        ...quoting,
      },
      routes: {
        page: ["log", "operations", ...Object.keys(quoting)],
        tell: ["log", "operations", ...Object.keys(quoting)],
      },
    },
    server: {
      ...before.server,
      metrics: { listen: `127.0.0.1:${await lab.lab.port()}`, token: CANARIES.metrics },
    },
    statusPage: {
      publish: {
        cachet: {
          kind: "cachet",
          url: `http://${await startQuoting()}`,
          token: CANARIES.statusPage,
        },
      },
    },
  };
  await writeFile(lab.configuration, stringify(after), { mode: 0o600 });
}

/** Gives the application secrets of its own: in its `.env`, and in pm2's environment of a service. */
async function plantInApplication(): Promise<void> {
  const file = join(lab.app.root, ".env");
  const plain = await readFile(file, "utf8");
  const url = `postgres://app:${CANARIES.environmentUrl}@db.example/app`;
  const own = `API_TOKEN=${CANARIES.environment}\nMAIN_DATABASE=${url}\n`;
  await writeFile(file, `${plain}${own}`, { mode: 0o600 });
  const services = join(lab.lab.folder, "services.json");
  const Apps = z.object({ apps: z.array(z.looseObject({})) });
  const { apps } = Apps.parse(JSON.parse(await readFile(services, "utf8")));
  const env = {
    MAIL_PASSWORD: CANARIES.service,
    QUEUE: `amqp://app:${CANARIES.serviceUrl}@queue.example`,
  };
  await writeFile(services, JSON.stringify({ apps: apps.map((app) => ({ ...app, env })) }));
  await lab.app.pm2.command(["restart", services, "--update-env"], lab.app.root);
  await lab.app.pm2.command(["save"], lab.app.root);
}

/** The command lines of all processes, again and again until it is enough. */
async function sampleCommandLines(found: Found, isEnough: () => boolean): Promise<number> {
  let samples = 0;
  while (!isEnough()) {
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/u.test(name))) {
      const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
      if (line !== "") {
        found.set(`command line of ${line.split("\0")[0]} ${pid}`, line);
      }
    }
    samples += 1;
    await sleep(SAMPLE_MS);
  }
  return samples;
}

/** Every byte of the state folder, captures apart. Returns what others may enter or read. */
async function readState(found: Found, captured: Found): Promise<readonly string[]> {
  const open = ((await stat(lab.state)).mode & 0o077) === 0 ? [] : ["state"];
  for (const one of await readdir(lab.state, { recursive: true, withFileTypes: true })) {
    const path = join(one.parentPath, one.name);
    const name = path.slice(lab.state.length + 1).replaceAll(sep, "/");
    const { mode } = await stat(path);
    const isCapture = CAPTURES.test(name);
    // What is inside of a folder that only its owner may enter needs no mode of its own.
    if ((mode & 0o077) !== 0 && !isCapture) {
      open.push(name);
    }
    if (one.isFile()) {
      (isCapture ? captured : found).set(`state/${name}`, await readFile(path, "latin1"));
    }
  }
  return open;
}

/** What the command line says, to people and to programs. */
async function askCommandLine(found: Found, ids: readonly string[], incident: string) {
  const [from = "", to = ""] = ids;
  const commands = [
    ["status"],
    ["config", "print"],
    ["config", "validate"],
    ["config", "explain"],
    ["doctor"],
    ["check"],
    ["record"],
    ["release", "list"],
    ["release", "show", from],
    ["release", "show", to],
    ["release", "diff", from, to],
    ["release", "diff", from],
    ["incident", "list"],
    ["incident", "show", incident],
    ["incident", "tasks", incident],
    ...["markdown", "html", "json"].map((one) => ["incident", "export", incident, "--format", one]),
    ["people", "who"],
    ["rollback", "--dry-run"],
    ["rollback", "--scope", "configuration", "--dry-run"],
    ["approve", "plan-none"],
    ["database", "aside", "list"],
  ];
  // With each of them as people read it: what programs read holds the same, and more of what is long.
  const also = commands.filter(([name = "", what]) => !LOOKS.has(what ?? name));
  for (const args of [...commands, ...also.map((one) => [...one, "--json"])]) {
    const { out, err } = await lab.cli(args, "Ada");
    expect([args, `${out}${err}`]).not.toEqual([args, ""]);
    found.set(`rollwatch ${args.join(" ")}`, `${out}\n${err}`);
  }
}

it("no secret is in anything that a whole recovery produces", { timeout: 300_000 }, async () => {
  const found: Found = new Map();
  const bodies: string[] = [];
  let isEnough = false;
  await lab.begin({ mode: "auto" });
  await plant(bodies);
  await plantInApplication();
  const earlier = (await lab.entries()).length;
  const samples = sampleCommandLines(found, () => isEnough);

  const daemon = await lab.daemon();
  const authorization = `Bearer ${CANARIES.heartbeat}`;
  expect((await lab.post("/api/v1/heartbeats/beat", {}, { authorization })).status).toBe(204);
  await lab.until(
    (all) => factsOf(all.slice(earlier), "release-proven").length > 0,
    "the release with the secrets is proven",
    daemon,
  );
  await lab.app.deployBad();
  const entries = await lab.until((all) => isOver(all.slice(earlier)), "it is over", daemon);
  const limit = AbortSignal.timeout(LIMIT_MS);
  const Ids = z.object({ releases: z.array(z.object({ id: z.string() })) });
  const { releases } = Ids.parse(
    JSON.parse(await readOverSocket(lab.state, "/api/v1/releases", limit)),
  );
  const ids = releases.map(({ id }) => id);
  const [opened] = factsOf(entries.slice(earlier), "incident-opened");
  const incident = opened?.incident ?? "";
  for (const path of [
    "status",
    "signals",
    "releases",
    "record",
    "incidents",
    "openapi.json",
    "database/asides",
    ...ids.map((id) => `releases/${id}`),
    ...ids.map((id) => `releases/${id}/diff/${ids[0] ?? ""}`),
    `incidents/${incident}`,
    ...factsOf(entries, "planned").map(({ plan }) => `plans/${plan.id}`),
  ]) {
    const answer = await readOverSocket(lab.state, `/api/v1/${path}`, limit);
    found.set(`GET /api/v1/${path}`, answer);
  }
  found.set("GET /metrics", await readOverSocket(lab.state, "/metrics", limit));
  await askCommandLine(found, ids, incident);
  isEnough = true;
  const taken = await samples;
  await endCleanly(daemon);
  const captured: Found = new Map();
  const open = await readState(found, captured);
  found.set("the daemon's log", daemon.output());
  found.set("notices", bodies.join("\n"));

  IncidentReport.parse(JSON.parse(found.get(`GET /api/v1/incidents/${incident}`) ?? ""));
  expect(factsOf(entries.slice(earlier), "closed")).toMatchObject([{ outcome: "rolled-back" }]);
  expect([taken > 20, bodies.length > 1, open]).toEqual([true, true, []]);
  expect(found.get("state/journal.db")?.length).toBeGreaterThan(1000);
  // What must be there is found: a search that finds nothing would prove nothing.
  const kept = canariesIn(captured).map((one) => one.split(" ", 1)[0]);
  expect(kept).toEqual(expect.arrayContaining(["environment", "environmentUrl", "service"]));
  expect(canariesIn(found)).toEqual([]);
});
