import { describe, expect, it } from "vitest";
import type { Delivery } from "../../src/model/notice.ts";
import type { ComponentState, PublicPhase, PublicView } from "../../src/model/public-page.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { createPublisher, type PublisherSettings } from "../../src/notify/publishers/index.ts";
import { createPageChannel } from "../../src/notify/status-page/publish.ts";
import type { Clock } from "../../src/system/clock.ts";
import { aNotice, NOON } from "../support/builders.ts";

/** An incident as people see it at the service, in the public words. */
export interface ShownIncident {
  readonly name: string;
  readonly phase: PublicPhase;
  /** Oldest first. */
  readonly texts: readonly string[];
}

/** A page of a service that stands in for the real one, which has the parts `web` and `import`. */
export interface PageService {
  readonly incidents: () => readonly ShownIncident[];
  readonly states: () => Readonly<Record<string, ComponentState>>;
  /** Answers of 2xx to requests that change something. */
  readonly changes: () => number;
  readonly settings: PublisherSettings;
  /** On which no sleep takes time. */
  readonly clock: Clock;
}

export const WEB_ID = "1001";
export const IMPORT_ID = "1002";

const LOOKING = { phase: "investigating", at: NOON, text: "We are looking." } as const;
const ROLLBACK = {
  phase: "identified",
  at: NOON + 10_000,
  text: "SYSTEM UNDERGOING ROLLBACK.",
} as const;
const BY_HAND = { phase: "identified", at: NOON + 15_000, text: "Our team is at it." } as const;
const WATCHED = { phase: "monitoring", at: NOON + 20_000, text: "We are watching." } as const;
const OVER = { phase: "resolved", at: NOON + 30_000, text: "It is over." } as const;
const LIFE = [LOOKING, ROLLBACK, BY_HAND, WATCHED, OVER];

/** The page when so many updates of the incident have been made. */
export function viewAfter(updates: number, state: ComponentState = "major_outage"): PublicView {
  const told = LIFE.slice(0, updates);
  const stateByIncidents = updates === LIFE.length ? "operational" : state;
  return {
    title: "App",
    changedAt: NOON,
    components: [
      { name: "Web", state: stateByIncidents, stateByIncidents },
      { name: "Import", state: "operational", stateByIncidents: "operational" },
      { name: "Elsewhere", state: stateByIncidents, stateByIncidents },
    ],
    incidents: [
      {
        id: "inc-20261122T120000-k3f9q2",
        name: "Service unavailable",
        phase: told.at(-1)?.phase ?? "investigating",
        impact: "critical",
        components: ["Web", "Elsewhere"],
        updates: told,
      },
    ],
  };
}

/** The service's page as a channel, for an incident that stands as `view` says. */
export function pageOf(settings: PublisherSettings, clock: Clock, view: () => PublicView): Channel {
  const publisher = createPublisher(settings, clock);
  return createPageChannel("test", publisher, { ids: settings.components, view });
}

async function send(service: PageService, view: PublicView): Promise<Delivery> {
  // A channel of its own each time, as after a start: nothing but what stands at the service is remembered.
  await service.clock.sleep(1000, new AbortController().signal);
  const channel = pageOf(service.settings, service.clock, () => view);
  const incident = "inc-20261122T120000-k3f9q2";
  return channel.send(aNotice({ reason: "status-page", incident }), new AbortController().signal);
}

/** What every page elsewhere promises. */
export function publisherContract(name: string, start: () => Promise<PageService>): void {
  describe(`the contract of a page elsewhere: ${name}`, () => {
    it("shows an incident from its beginning to its end, with the runbook's words", async () => {
      const service = await start();

      for (const updates of [1, 2, 3, 4, 5]) {
        expect(await send(service, viewAfter(updates))).toEqual({ kind: "delivered" });
        expect(service.states()["web"]).toBe(updates === 5 ? "operational" : "major_outage");
      }

      const [incident, ...others] = service.incidents();
      expect(others).toEqual([]);
      expect(incident?.name).toBe("Service unavailable [k3f9q2]");
      expect(incident?.phase).toBe("resolved");
      expect(incident?.texts).toEqual(LIFE.map(({ text }) => text));
      expect(service.states()["import"]).toBe("operational");
    });

    it("shows it once, however often a delivery is made again after a crash", async () => {
      const service = await start();
      for (const updates of [1, 2]) {
        await send(service, viewAfter(updates));
        const before = service.incidents();

        expect(await send(service, viewAfter(updates))).toEqual({ kind: "delivered" });

        expect(service.incidents()).toEqual(before);
      }
    });

    it("skips what is over when a delivery comes late, and loses no incident", async () => {
      const service = await start();
      await send(service, viewAfter(1));
      await send(service, viewAfter(4));
      const other = viewAfter(5);
      const [first] = other.incidents;
      const id = "inc-20261122T120000-zzzzzz";
      const late = { ...other, incidents: first === undefined ? [] : [{ ...first, id }] };
      const channel = pageOf(service.settings, service.clock, () => late);

      await service.clock.sleep(1000, new AbortController().signal);

      await channel.send(aNotice({ incident: id }), new AbortController().signal);

      expect(service.incidents().map(({ phase, texts }) => [phase, texts])).toEqual([
        ["monitoring", [LOOKING.text, WATCHED.text]],
        ["resolved", [OVER.text]],
      ]);
    });

    it("shows a part's new state without an update of its own", async () => {
      const service = await start();
      await send(service, viewAfter(1, "degraded_performance"));

      await send(service, viewAfter(1, "partial_outage"));

      expect(service.states()["web"]).toBe("partial_outage");
      expect(service.incidents()[0]?.texts).toEqual([LOOKING.text]);
    });

    it("says nothing of an incident that the public is not shown any more", async () => {
      const service = await start();

      const delivery = await send(service, { ...viewAfter(1), incidents: [] });

      expect(delivery).toEqual({ kind: "delivered" });
      expect(service.changes()).toBe(0);
    });

    it("sends nothing when it is over already", async () => {
      const service = await start();
      const channel = pageOf(service.settings, service.clock, () => viewAfter(1));
      const reason = new Error("shutting down");

      const result = channel.send(aNotice(), AbortSignal.abort(reason));

      await expect(result).rejects.toBe(reason);
      expect(service.changes()).toBe(0);
    });

    it("tries again later with a key that is not the service's, and does not show it", async () => {
      const service = await start();
      const wrong =
        service.settings.kind === "cachet"
          ? { ...service.settings, token: "geheim-falsch" }
          : { ...service.settings, apiKey: "geheim-falsch" };
      const channel = pageOf(wrong, service.clock, () => viewAfter(1));

      const delivery = await channel.send(
        aNotice({ incident: "inc-20261122T120000-k3f9q2" }),
        new AbortController().signal,
      );

      expect(delivery).toMatchObject({ kind: "retry-later", reason: "rejected" });
      expect(JSON.stringify(delivery)).not.toContain("geheim");
    });
  });
}
