import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Control, ControlName } from "../../src/model/control.ts";
import { CONTROLS } from "../../src/model/control.ts";
import { createControls, type ControlPorts, type Controls } from "../../src/observe/controls.ts";
import { openClock } from "../../src/system/clock.ts";
import { type Echo, openEcho } from "../../src/system/echo.ts";
import { openFiles } from "../../src/system/files.ts";
import { openHttp } from "../../src/system/http.ts";
import { createManualClock } from "../support/fakes/clock.ts";
import { UpstreamSettings } from "../../src/model/application.ts";
import { fakeDatabase } from "../support/fakes/database.ts";
import { fakeEventLoop } from "../support/fakes/event-loop.ts";
import { fakeHostNames } from "../support/fakes/host-names.ts";
import { anAnswer, fakeHttp } from "../support/fakes/http.ts";
import { fakeMemory } from "../support/fakes/memory.ts";
import { fakePm2 } from "../support/fakes/pm2.ts";

const NEVER = new AbortController().signal;
const MEBIBYTE = 1024 ** 2;
const opened: Controls[] = [];

let echo: Echo;

beforeAll(async () => {
  echo = await openEcho();
});

afterAll(async () => {
  await echo.close();
});

afterEach(async () => {
  for (const controls of opened.splice(0)) {
    await controls.close();
  }
});

/** Controls over a healthy world, but for the ports given; the loopback is real. */
function aWatch(ports: Partial<ControlPorts> = {}): Controls {
  const clock = openClock();
  const controls = createControls(
    {
      clock,
      eventLoop: fakeEventLoop(),
      files: { ...openFiles(), freeBytes: async () => 10 * 1024 ** 3 },
      http: openHttp(clock),
      memory: fakeMemory(),
      pm2: fakePm2(),
      hostNames: fakeHostNames(),
      database: fakeDatabase(),
      ...ports,
    },
    {
      root: "/app",
      state: "/state",
      services: ["api", "worker"],
      upstreams: [UpstreamSettings.parse({ name: "billing", url: echo.url })],
      hosts: ["db.internal"],
    },
  );
  opened.push(controls);
  return controls;
}

/** Files whose state folder has `bytes` left and whose application has plenty. */
function withFree(bytes: number): ControlPorts["files"] {
  return {
    ...openFiles(),
    freeBytes: async (path) => (path === "/state" ? bytes : 1000 * MEBIBYTE),
  };
}

async function ask(name: ControlName, ports: Partial<ControlPorts>): Promise<Control | undefined> {
  const all = await aWatch(ports).ask(NEVER);
  return all.find((one) => one.name === name);
}

describe("the controls", () => {
  it("are all green in a healthy world, in the model's order", async () => {
    const all = await aWatch().ask(NEVER);

    expect(all.map(({ name }) => name)).toEqual(CONTROLS);
    expect(new Set(all.map(({ state }) => state))).toEqual(new Set(["green"]));
  });

  it("can be asked again over the same loopback", async () => {
    const http = { ...openHttp(openClock()) };
    const urls: string[] = [];
    const controls = aWatch({
      http: {
        ask: async (request, signal) => {
          urls.push(request.url);
          return http.ask(request, signal);
        },
      },
    });

    await controls.ask(NEVER);
    const again = await controls.ask(NEVER);

    expect(again[0]).toMatchObject({ name: "loopback", state: "green" });
    expect(new Set(urls.filter((url) => url !== echo.url)).size).toBe(1);
  });

  it("say that the loopback is broken when not even it answers, or somebody else does", async () => {
    const refusing = fakeHttp();
    refusing.setAnswer({ kind: "local", reason: "out-of-descriptors", detail: "EMFILE" });
    const proxied = fakeHttp();
    proxied.setAnswer(anAnswer({ body: "a proxy's page" }));

    expect(await ask("loopback", { http: refusing })).toMatchObject({
      state: "red",
      detail: "loopback: EMFILE",
    });
    expect(await ask("loopback", { http: proxied })).toMatchObject({ state: "red" });
  });

  it("say that rollwatch itself stood still", async () => {
    const eventLoop = fakeEventLoop();
    const controls = aWatch({ eventLoop });
    eventLoop.standStill(201);

    const [, first] = await controls.ask(NEVER);
    const [, second] = await controls.ask(NEVER);

    expect(first).toMatchObject({
      name: "event-loop",
      state: "red",
      detail: "rollwatch itself stood still for 201 ms",
    });
    expect(second).toMatchObject({ state: "green" });
  });

  it("remember when they were last red, and what they said then", async () => {
    const clock = createManualClock();
    const database = fakeDatabase();
    const controls = aWatch({ clock, database });
    const { detail } = (await controls.ask(NEVER)).find((one) => one.name === "database") ?? {};
    database.setAnswer({ kind: "fails", sqlstate: null, detail: "refused" });
    const from = clock.now();
    await controls.ask(NEVER);
    await clock.advance(5000);
    await controls.ask(NEVER);
    database.setAnswer({ kind: "answers", tookMs: 1, version: "15.14" });
    await clock.advance(5000);

    const after = await controls.ask(NEVER);

    expect(detail).toMatch(/answered/u);
    expect(after.find((one) => one.name === "database")).toMatchObject({
      state: "green",
      outage: { from, until: from + 5000, detail: expect.stringContaining("refused") },
    });
    expect(after.find((one) => one.name === "disk")).not.toHaveProperty("outage");
  });

  it("say that a disk is full when either folder has less than 64 MiB left", async () => {
    expect(await ask("disk", { files: withFree(64 * MEBIBYTE - 1) })).toMatchObject({
      state: "red",
      detail: "63 MiB free",
    });
    expect(await ask("disk", { files: withFree(64 * MEBIBYTE) })).toMatchObject({ state: "green" });
  });

  it("know nothing about a disk that cannot be looked at", async () => {
    const files = { ...openFiles(), freeBytes: async () => Promise.reject(new Error("ENOENT")) };

    expect(await ask("disk", { files })).toEqual({
      name: "disk",
      state: "unknown",
      detail: "ENOENT",
    });
  });

  it("know nothing about a database that is not configured", async () => {
    const clock = openClock();
    const controls = createControls(
      {
        clock,
        eventLoop: fakeEventLoop(),
        files: openFiles(),
        http: fakeHttp(),
        memory: fakeMemory(),
        pm2: fakePm2(),
        hostNames: fakeHostNames(),
      },
      { root: "/", state: "/", services: [], upstreams: [], hosts: [] },
    );
    opened.push(controls);

    const all = await controls.ask(NEVER);

    expect(all[4]).toMatchObject({ name: "database", state: "unknown" });
  });

  describe("of memory", () => {
    const SCARCE = { usedBytes: 960 * MEBIBYTE, limitBytes: 1000 * MEBIBYTE };

    /** A machine with little memory left, of which the application's two processes hold this many MiB. */
    function aFullMachine(api: number, worker: number): Pick<ControlPorts, "memory" | "pm2"> {
      const memory = fakeMemory();
      const pm2 = fakePm2();
      for (const [place, name] of ["api", "worker"].entries()) {
        pm2.add(name, { options: {}, env: {} });
        pm2.change(name, { pid: 70 + place, status: "online" });
      }
      memory.setHost(SCARCE);
      memory.setProcess(70, api * MEBIBYTE);
      memory.setProcess(71, worker * MEBIBYTE);
      return { memory, pm2 };
    }

    it("accuse the neighbours that eat it", async () => {
      expect(await ask("memory", aFullMachine(100, 379))).toMatchObject({
        name: "memory",
        state: "red",
        detail:
          "the host: 960 MiB of 1000 MiB (96 %); the application's processes hold 479 MiB, most of them worker 379 MiB",
      });
    });

    it("do not accuse them when the application itself eats it", async () => {
      expect(await ask("memory", aFullMachine(100, 380))).toMatchObject({ state: "green" });
    });

    it("look at the control group too", async () => {
      const machine = aFullMachine(1, 1);
      const memory = fakeMemory();
      memory.setCgroup(SCARCE);

      const control = await ask("memory", { ...machine, memory });

      expect(control).toMatchObject({
        state: "red",
        detail: expect.stringMatching(/^the control group: 960 MiB of 1000 MiB/u),
      });
    });

    it("are green while a twentieth is left, whoever holds the rest", async () => {
      const { memory, pm2 } = aFullMachine(0, 0);
      const scarcely = fakeMemory();
      scarcely.setHost({ usedBytes: 950 * MEBIBYTE, limitBytes: 1000 * MEBIBYTE });

      expect(await ask("memory", { memory: scarcely, pm2 })).toMatchObject({ state: "green" });
      expect(await ask("memory", { memory, pm2 })).toMatchObject({ state: "red" });
    });

    it("do not know who eats it when pm2 does not name the processes", async () => {
      const { memory } = aFullMachine(0, 0);
      const dead = fakePm2();
      dead.setDaemon({ kind: "dead", reason: "no process 7" });

      expect(await ask("memory", { memory, pm2: dead })).toMatchObject({
        state: "unknown",
        detail: expect.stringMatching(/^memory is scarce, but /u),
      });
    });

    it("do not know it either when pm2 takes too long", async () => {
      const { memory, pm2 } = aFullMachine(0, 0);
      const clock = createManualClock();
      const http = fakeHttp();
      http.setAnswer(anAnswer({ body: "/" }));
      const hung = {
        ...pm2,
        services: async (_names: readonly string[], signal: AbortSignal) =>
          clock.sleep(60_000, signal).then(() => []),
      };
      const asking = aWatch({ clock, http, memory, pm2: hung }).ask(NEVER);

      await clock.advance(2000);

      const control = (await asking).find(({ name }) => name === "memory");
      expect(control).toMatchObject({ state: "unknown" });
    });
  });

  it("say that pm2 is dead or hung", async () => {
    const dead = fakePm2();
    dead.setDaemon({ kind: "dead", reason: "no process 7" });
    const hung = fakePm2();
    hung.setDaemon({ kind: "hung", pid: 7, reason: "no pong" });

    expect(await ask("pm2", { pm2: dead })).toMatchObject({
      state: "red",
      detail: "pm2 is dead: no process 7",
    });
    expect(await ask("pm2", { pm2: hung })).toMatchObject({
      state: "red",
      detail: "pm2 is hung: no pong",
    });
  });

  it("accuse what does not answer in time, and only that", async () => {
    const clock = createManualClock();
    const silent = {
      ...fakeDatabase(),
      check: async (signal: AbortSignal) => {
        await clock.sleep(60_000, signal);
        throw new Error("it was waited for long enough");
      },
    };
    const http = fakeHttp();
    http.setAnswer(anAnswer({ body: "/" }));
    const controls = aWatch({ clock, database: silent, http });

    const asking = controls.ask(NEVER);
    await clock.advance(2000);

    const red = (await asking).filter(({ state }) => state === "red");
    expect(red.map(({ name }) => name)).toEqual(["database"]);
  });

  it("end with the signal's reason", async () => {
    const reason = new Error("stop");

    await expect(aWatch().ask(AbortSignal.abort(reason))).rejects.toBe(reason);
  });
});
