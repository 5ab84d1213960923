import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  keepPublishing,
  pageChannels,
  type PageParts,
  publicPages,
} from "../../src/app/public-page.ts";
import { type Journal, openJournal } from "../../src/journal/journal.ts";
import { type JournalStore, openStore } from "../../src/journal/store.ts";
import type { Fact } from "../../src/model/facts.ts";
import { startDelivery } from "../../src/notify/outbox.ts";
import { StatusPageSettings } from "../../src/notify/status-page/settings.ts";
import { openClock } from "../../src/system/clock.ts";
import { openIds } from "../../src/system/ids.ts";
import type { PageService } from "../contracts/publisher.ts";
import { aPlan } from "../support/builders.ts";
import { startCachet } from "../support/services/status-pages.ts";

const ID = "inc-20261122T120000-k3f9q2";

const STEP = { id: "stop:web", kind: "stop-service", phase: "act" as const, service: "web" };
const LIFE: readonly Fact[] = [
  { kind: "planned", plan: aPlan({ incident: ID, steps: [STEP] }) },
  { kind: "recovery-started", plan: "plan-1" },
  { kind: "step-started", plan: "plan-1", step: STEP.id },
  {
    kind: "step-finished",
    plan: "plan-1",
    step: STEP.id,
    outcome: { kind: "done", detail: "web of 10.0.0.5 is stopped" },
  },
  {
    kind: "verified",
    plan: "plan-1",
    verification: { result: "proven", at: Date.now(), checks: [] },
  },
  { kind: "recovery-ended", plan: "plan-1", result: "completed", reason: "proven healthy" },
  { kind: "closed", incident: ID, outcome: "rolled-back", reason: "proven" },
];

const clock = openClock();
let folder: string;
let store: JournalStore;
let service: PageService;

beforeEach(async () => {
  folder = await mkdtemp("/tmp/rwP-");
  store = openStore(join(folder, "journal.db"), clock);
});

afterEach(async () => {
  store.close();
  await rm(folder, { recursive: true });
});

/** What a daemon would have after a start; `dies` before it can write that something was delivered. */
function start(dies = false): PageParts {
  const journal = openJournal(store);
  const mortal: Journal = {
    ...journal,
    record: (fact) => {
      if (dies && fact.kind === "notice-delivered") {
        throw new Error("killed");
      }
      return journal.record(fact);
    },
  };
  const components = [{ name: "Web", services: ["web"] }];
  const settings = { ...service.settings, components: { Web: "1001" } };
  return {
    config: {
      application: { name: "app" },
      statusPage: { ...StatusPageSettings.parse({ components }), publish: { own: settings } },
    },
    journal: mortal,
    rules: [],
    world: { clock, ids: openIds() },
  };
}

/** Runs the daemon's part until nothing waits to be published any more, or until it dies. */
async function publish(parts: PageParts): Promise<void> {
  const ending = new AbortController();
  const publishing = keepPublishing(parts, ending.signal);
  const channels = pageChannels(parts);
  const ports = { journal: parts.journal, channels, clock, random: () => 0 };
  const deliveries = startDelivery(ports, ending.signal);
  await Promise.race([deliveries.drain(5000), deliveries.finished]).catch(() => undefined);
  ending.abort();
  await Promise.allSettled([publishing, deliveries.finished]);
}

function open(parts: PageParts): void {
  parts.journal.record({
    kind: "incident-opened",
    incident: ID,
    trigger: "error-rate",
    tier: "fast",
    mode: "auto",
    since: clock.now() - 5000,
    signals: ["request-errors"],
  });
}

describe("the public page of a daemon", () => {
  it("is shown elsewhere from the first sign to the end, and tells nothing to those who wait for news", async () => {
    service = await startCachet();
    const parts = start();
    open(parts);
    await publish(parts);
    expect(service.states()["web"]).toBe("partial_outage");

    for (const fact of LIFE) {
      parts.journal.record(fact);
      await publish(parts);
    }

    expect(service.incidents().map(({ phase }) => phase)).toEqual(["resolved"]);
    expect(service.incidents()[0]?.texts).toHaveLength(4);
    expect(service.incidents()[0]?.texts[1]).toContain("SYSTEM UNDERGOING ROLLBACK");
    expect(service.states()["web"]).toBe("operational");
    expect(parts.journal.history().incidents[0]?.toldAt).toBeUndefined();
  });

  it("is neither lost nor doubled elsewhere by kills between the service's answer and the journal", async () => {
    service = await startCachet();
    open(start());
    for (const fact of [undefined, ...LIFE]) {
      if (fact !== undefined) {
        start().journal.record(fact);
      }
      await publish(start(true));
    }

    await publish(start());

    expect(service.incidents().map(({ phase, texts }) => [phase, texts.length])).toEqual([
      ["resolved", 4],
    ]);
    expect(start().journal.history().outbox).toEqual([]);
  });

  it("is made of the journal alone, and shows nothing of what is inside", async () => {
    service = await startCachet();
    const parts = start();
    open(parts);
    for (const fact of LIFE.slice(0, -1)) {
      parts.journal.record(fact);
    }

    const pages = publicPages(start());

    expect(pages.read("/").body).toContain("SYSTEM UNDERGOING ROLLBACK");
    const all = pages.paths.map((path) => pages.read(path).body).join("\n");
    expect(all).not.toMatch(/10\.0\.0\.5|request-errors|rel-good|plan-1|stop:web/u);
  });
});
