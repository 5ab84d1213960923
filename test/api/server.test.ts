import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ProblemDetails } from "../../src/api/contract.ts";
import type { ApiPorts, Readiness } from "../../src/api/routes.ts";
import { openApi } from "../../src/api/server.ts";
import type { Api } from "../../src/api/server.ts";
import { Failure } from "../../src/model/failure.ts";
import type { Operations } from "../../src/model/operations.ts";
import { aPlanReport } from "../support/fakes/actions.ts";
import {
  anIncidentReport,
  aReleaseDetails,
  aReleaseDifference,
  aStatus,
  fakeOperations,
} from "../support/fakes/operations.ts";
import { type Answer, ask, servedPorts, TOKENS } from "../support/served.ts";

let folder = "";
let api: Api | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "rwC-"));
});

afterEach(async () => {
  await api?.close();
  api = undefined;
  await rm(folder, { recursive: true });
});

function socketPath(): string {
  return join(folder, "rollwatch.sock");
}

async function open(ports: Partial<ApiPorts> = {}): Promise<Api> {
  api = await openApi(servedPorts(ports), {
    listen: { host: "127.0.0.1", port: 0 },
    socketPath: socketPath(),
  });
  return api;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function askTcp(path: string, more: Sent = {}, body = ""): Promise<Answer> {
  const { port } = new URL(api?.url ?? "");
  const headers = { authorization: `Bearer ${TOKENS.rita}`, ...more.headers };
  return ask({ host: "127.0.0.1", port, path, ...more, headers }, body);
}

/** Operations whose status cannot be told. */
function failing(error: Error): Operations {
  return {
    ...fakeOperations(),
    status: async () => {
      throw error;
    },
  };
}

function problemOf(answer: Answer): ProblemDetails {
  expect(answer.type).toContain("application/problem+json");
  return ProblemDetails.parse(JSON.parse(answer.body));
}

describe("what can be read", () => {
  it("is the same over TCP and over the socket", async () => {
    await open();

    const overTcp = await askTcp("/api/v1/status");
    const overSocket = await ask({ socketPath: socketPath(), path: "/api/v1/status" });

    expect(JSON.parse(overTcp.body)).toEqual(aStatus());
    expect(overSocket.body).toBe(overTcp.body);
  });

  it("is the metrics in their own content type", async () => {
    await open();

    const answer = await askTcp("/metrics");

    expect(answer).toMatchObject({ status: 200, body: "up 1\n" });
    expect(answer.type).toContain("version=0.0.4");
  });

  it("is every release and every incident", async () => {
    await open();

    const releases = await askTcp("/api/v1/releases");
    const incidents = await askTcp("/api/v1/incidents");
    const one = await askTcp("/api/v1/incidents/inc-1");

    expect(JSON.parse(releases.body)).toEqual({ releases: aStatus().releases });
    expect(JSON.parse(incidents.body)).toEqual({ incidents: [anIncidentReport()] });
    expect(JSON.parse(one.body)).toEqual(anIncidentReport());
  });

  it("is one release, and what differs from it to another", async () => {
    await open();

    const one = await askTcp("/api/v1/releases/rel-1");
    const difference = await askTcp("/api/v1/releases/rel-1/diff/rel-2");

    expect(JSON.parse(one.body)).toEqual(aReleaseDetails());
    expect(JSON.parse(difference.body)).toEqual(aReleaseDifference());
  });

  it("is every signal, and a plan", async () => {
    await open();

    const signals = await askTcp("/api/v1/signals");
    const plan = await askTcp("/api/v1/plans/plan-1");

    expect(JSON.parse(signals.body)).toEqual({ signals: aStatus().signals });
    expect(JSON.parse(plan.body)).toEqual(aPlanReport());
  });

  it("is life, whatever else is wrong", async () => {
    await open({ readiness: () => ({ kind: "not-ready", reasons: ["no samples yet"] }) });

    expect((await askTcp("/healthz")).status).toBe(200);
  });

  it("is readiness, with every reason while there is none", async () => {
    let readiness: Readiness = { kind: "not-ready", reasons: ["no samples yet", "pm2 is dead"] };
    await open({ readiness: () => readiness });

    const before = await askTcp("/readyz");
    readiness = { kind: "ready" };
    const after = await askTcp("/readyz");

    expect(before.status).toBe(503);
    expect(problemOf(before).reasons).toEqual(["no samples yet", "pm2 is dead"]);
    expect(after.status).toBe(200);
  });
});

describe("what is refused", () => {
  it.each([
    ["/nothing", {}, 404],
    ["/api/v1/incidents/inc-none", {}, 404],
    ["/api/v1/releases/rel-none", {}, 404],
    // A path that leaves its folder is no id.
    ["/api/v1/releases/..%2f..%2fetc", {}, 404],
    ["/api/v1/releases/%2e%2e", {}, 404],
    ["/api/v1/pause", {}, 405],
    ["/api/v1/plans/plan-1/approve", {}, 405],
    ["/api/v1/maintenance/end", {}, 405],
    ["/api/v1/status", { method: "POST" }, 405],
    ["/api/v1/incidents/inc-1", { method: "DELETE" }, 405],
    // A page of evil.example whose name was rebound to 127.0.0.1.
    ["/api/v1/status", { headers: { host: "evil.example:9876" } }, 421],
    ["/api/v1/status", { headers: { host: "127.0.0.1.evil.example" } }, 421],
    ["/metrics", { headers: { "x-long": "x".repeat(20_000) } }, 431],
  ])("is told as a problem: %s %o", async (path, options, status) => {
    await open();

    const answer = await askTcp(path, options);

    expect(answer.status).toBe(status);
    expect(problemOf(answer).status).toBe(status);
  });

  it.each(["..%2f..%2fetc", "%2e%2e", "a%00b", "-rf", "x".repeat(90).concat("%20")])(
    "is asked of nobody when the id cannot be one: %s",
    async (id) => {
      const asked: string[] = [];
      await open({
        operations: {
          ...fakeOperations(),
          showRelease: async (one) => {
            asked.push(one);
            return aReleaseDetails();
          },
        },
      });

      const answer = await askTcp(`/api/v1/releases/${id}`);

      expect(answer.status).toBe(404);
      expect(asked).toEqual([]);
    },
  );

  it("is named with what is allowed instead", async () => {
    await open();

    const answer = await askTcp("/api/v1/status", { method: "PUT" }, "{nonsense");

    expect(answer.headers["allow"]).toBe("GET, HEAD");
  });

  it("is no other site's to read", async () => {
    await open();

    const answer = await askTcp("/api/v1/status", { headers: { origin: "http://evil.example" } });

    expect(answer.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("is answered without the message of what nobody expected", async () => {
    await open({ operations: failing(new Error("connect to postgres://me:hunter22@h failed")) });

    const answer = await askTcp("/api/v1/status");

    expect(problemOf(answer)).toMatchObject({ status: 500, code: "internal" });
    expect(answer.body).not.toContain("hunter22");
  });

  it("is told with its cure where rollwatch knows one", async () => {
    const failure = new Failure("pm2-unreachable", "pm2 is hung", { hint: "pm2 kill" });
    await open({ operations: failing(failure) });

    const answer = await askTcp("/api/v1/status");

    expect(problemOf(answer)).toMatchObject({
      status: 503,
      code: "pm2-unreachable",
      detail: "pm2 is hung",
      hint: "pm2 kill",
    });
  });
});

describe("the socket", () => {
  it("is the owner's alone and goes with the daemon", async () => {
    await open();
    const mode = (await stat(socketPath())).mode & 0o777;
    await api?.close();

    expect(mode).toBe(0o600);
    await expect(stat(socketPath())).rejects.toThrow("ENOENT");
  });

  it("replaces one that a dead daemon left", async () => {
    const { spawnSync } = await import("node:child_process");
    const script = `require("net").createServer().listen(${JSON.stringify(socketPath())}, () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", script]);
    expect((await stat(socketPath())).isSocket()).toBe(true);

    await open();

    expect((await ask({ socketPath: socketPath(), path: "/healthz" })).status).toBe(200);
  });

  it("is left to a daemon that lives", async () => {
    const other = createServer((socket) => socket.on("error", () => undefined).end());
    await new Promise<void>((resolve) => {
      other.listen(socketPath(), resolve);
    });

    await expect(open()).rejects.toMatchObject({ code: "lock-held" });

    await new Promise((resolve) => {
      connect(socketPath()).on("close", resolve).resume();
    });
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });

  it("never replaces a file", async () => {
    await writeFile(socketPath(), "precious");

    await expect(open()).rejects.toMatchObject({ code: "path-refused" });
    expect((await stat(socketPath())).isFile()).toBe(true);
  });
});

describe("a taken port", () => {
  it("is named, and leaves no socket behind", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => {
      other.listen(0, "127.0.0.1", resolve);
    });
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const opening = openApi(servedPorts(), {
      listen: { host: "127.0.0.1", port },
      socketPath: socketPath(),
    });

    await expect(opening).rejects.toThrow(`127.0.0.1:${port}`);
    await expect(stat(socketPath())).rejects.toThrow("ENOENT");
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });
});
