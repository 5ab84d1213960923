import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ServiceInstance } from "../../src/model/service.ts";
import type { Pm2 } from "../../src/system/pm2.ts";

/** A pm2 under test that keeps one running instance of the service `steady` and has no dump. */
export interface Pm2UnderTest {
  readonly pm2: Pm2;
  /** Kills the daemon. */
  readonly killDaemon: () => Promise<void>;
  readonly close: () => Promise<void>;
}

const { signal } = new AbortController();

/** What every pm2 promises. */
export function pm2Contract(name: string, open: () => Promise<Pm2UnderTest>): void {
  describe(`the contract of pm2: ${name}`, () => {
    let under: Pm2UnderTest;

    beforeEach(async () => {
      under = await open();
    });

    afterEach(async () => {
      await under.close();
    });

    async function steady(): Promise<ServiceInstance> {
      const [service] = await under.pm2.services(["steady"], signal);
      const [instance] = service?.instances ?? [];
      if (instance === undefined) {
        throw new Error("steady has no instance");
      }
      return instance;
    }

    it("names services in the order asked, unknown ones without instances", async () => {
      const services = await under.pm2.services(["unknown", "steady"], signal);

      expect(services.map((one) => [one.name, one.instances.length])).toEqual([
        ["unknown", 0],
        ["steady", 1],
      ]);
    });

    it("lists the names of all services", async () => {
      expect(await under.pm2.names(signal)).toEqual(["steady"]);
    });

    it("knows no metrics of services that it does not know", async () => {
      expect(await under.pm2.metrics(["unknown"], signal)).toEqual([]);
    });

    it("says that a living daemon lives", async () => {
      const daemon = await under.pm2.daemon(signal);

      expect(daemon).toMatchObject({ kind: "alive", version: "7.0.4" });
    });

    it("knows the version of its program", async () => {
      expect(await under.pm2.programVersion(signal)).toBe("7.0.4");
    });

    it("gives a service and its definition the same hash", async () => {
      const [definition] = await under.pm2.definitions(["unknown", "steady"], signal);

      expect(definition).toMatchObject({ name: "steady", hash: (await steady()).definitionHash });
    });

    it("stops a service so that no process is left and it still counts as one to restart", async () => {
      const { id } = await steady();

      await under.pm2.stop({ service: "steady", id }, signal);

      expect(await steady()).toMatchObject({ id, status: "stopped", pid: 0, autorestart: true });
    });

    it("starts a stopped service anew under the same definition", async () => {
      const before = await steady();
      await under.pm2.stop({ service: "steady", id: before.id }, signal);

      await under.pm2.restart({ service: "steady", id: before.id }, signal);

      const after = await steady();
      expect(after).toMatchObject({
        id: before.id,
        status: "online",
        definitionHash: before.definitionHash,
      });
      expect(after.pid).not.toBe(before.pid);
      expect(after.uniqueId).not.toBe(before.uniqueId);
      expect(after.startedAt).toBeGreaterThan(before.startedAt);
    });

    it("restarts a running service", async () => {
      const before = await steady();

      await under.pm2.restart({ service: "steady", id: before.id }, signal);

      const after = await steady();
      expect(after.pid).not.toBe(before.pid);
      expect(after.restarts).toBe(before.restarts + 1);
    });

    it("replaces a service by another definition", async () => {
      const [definition] = await under.pm2.definitions(["steady"], signal);
      const options = definition?.options ?? {};
      const env = { ...definition?.env, COLOR: "green" };

      await under.pm2.replace("steady", [{ name: "steady", hash: "", options, env }], signal);

      const [replaced] = await under.pm2.definitions(["steady"], signal);
      expect(replaced?.env["COLOR"]).toBe("green");
      expect(replaced?.hash).not.toBe(definition?.hash);
    });

    it("brings back the hash with the captured definition", async () => {
      const [captured] = await under.pm2.definitions(["steady"], signal);
      const { name: service, hash, options = {} } = captured ?? { name: "", hash: "" };
      const env = { ...captured?.env, COLOR: "green" };
      await under.pm2.replace(service, [{ name: service, hash: "", options, env }], signal);

      await under.pm2.replace(service, captured === undefined ? [] : [captured], signal);

      expect((await steady()).definitionHash).toBe(hash);
    });

    it("refuses to replace a service by nothing", async () => {
      const replacing = under.pm2.replace("steady", [], signal);

      await expect(replacing).rejects.toMatchObject({ code: "service-unknown" });
      expect((await steady()).status).toBe("online");
    });

    it.each(["stop", "restart"] as const)("cannot %s an id that nobody has", async (effect) => {
      const { id } = await steady();

      const doing = under.pm2[effect]({ service: "steady", id: id + 1 }, signal);

      await expect(doing).rejects.toMatchObject({ code: "service-unknown" });
    });

    it.each(["stop", "restart"] as const)(
      "cannot %s a process whose id is another service's by now",
      async (effect) => {
        const before = await steady();

        const doing = under.pm2[effect]({ service: "other", id: before.id }, signal);

        await expect(doing).rejects.toMatchObject({ code: "service-unknown" });
        expect((await steady()).uniqueId).toBe(before.uniqueId);
      },
    );

    it("has a dump once it was saved", async () => {
      const before = await under.pm2.dumped();

      await under.pm2.save(signal);

      expect([before, await under.pm2.dumped()]).toEqual([undefined, ["steady"]]);
    });

    it("throws the reason of an aborted signal", async () => {
      const reason = new Error("told to stop");

      const asking = under.pm2.services(["steady"], AbortSignal.abort(reason));

      await expect(asking).rejects.toBe(reason);
    });

    it("says that a killed daemon is dead, and refuses everything else", async () => {
      const { id } = await steady();
      const [definition] = await under.pm2.definitions(["steady"], signal);
      await under.killDaemon();

      const daemon = await under.pm2.daemon(signal);
      const doing = await Promise.allSettled([
        under.pm2.services(["steady"], signal),
        under.pm2.definitions(["steady"], signal),
        under.pm2.stop({ service: "steady", id }, signal),
        under.pm2.restart({ service: "steady", id }, signal),
        under.pm2.replace("steady", definition === undefined ? [] : [definition], signal),
        under.pm2.save(signal),
        under.pm2.programVersion(signal),
      ]);

      expect(daemon.kind).toBe("dead");
      for (const one of doing) {
        expect(one).toMatchObject({ status: "rejected", reason: { code: "pm2-unreachable" } });
      }
    });
  });
}
