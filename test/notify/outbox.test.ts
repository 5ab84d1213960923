import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import type { Journal } from "../../src/journal/journal.ts";
import type { Entry, Fact } from "../../src/model/facts.ts";
import type { Delivery } from "../../src/model/notice.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { queue, startDelivery, type Deliveries } from "../../src/notify/outbox.ts";
import { aNotice } from "../support/builders.ts";
import { createManualClock, type ManualClock } from "../support/fakes/clock.ts";

const MINUTE = 60_000;
const LATER: Delivery = { kind: "retry-later", reason: "server-error", detail: "HTTP 503" };
const DELIVERED: Delivery = { kind: "delivered" };

function memoryJournal(clock: ManualClock): Journal & { readonly facts: () => readonly Fact[] } {
  const listeners = new Set<(entry: Entry) => void>();
  const entries: Entry[] = [];
  let history = emptyHistory;
  return {
    facts: () => entries.map((entry) => entry.fact),
    history: () => history,
    record: (fact) => {
      const entry = { seq: entries.length + 1, at: clock.now(), fact };
      entries.push(entry);
      history = fold(history, entry);
      for (const listener of listeners) {
        listener(entry);
      }
      return entry;
    },
    onEntry: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** A channel that answers from a list, the last answer for ever, and notes when it was asked. */
function channelOf(
  name: string,
  clock: ManualClock,
  answers: readonly Delivery[],
): Channel & { readonly tries: number[] } {
  const tries: number[] = [];
  return {
    name,
    tries,
    send: async () => {
      tries.push(clock.now());
      return answers[Math.min(tries.length, answers.length) - 1] ?? DELIVERED;
    },
  };
}

function hanging(name: string): Channel {
  return { name, send: async () => new Promise<never>(() => undefined) };
}

describe("the outbox", () => {
  let clock = createManualClock();
  let journal = memoryJournal(clock);
  let stop = new AbortController();
  let start = clock.now();

  beforeEach(() => {
    clock = createManualClock();
    journal = memoryJournal(clock);
    stop = new AbortController();
    start = clock.now();
  });

  afterEach(() => stop.abort());

  function deliver(...channels: readonly Channel[]): Deliveries {
    return startDelivery({ journal, channels, clock, random: () => 1 }, stop.signal);
  }

  function notice(over: Parameters<typeof aNotice>[0] = {}): ReturnType<typeof aNotice> {
    return aNotice({ at: clock.now(), ...over });
  }

  function failing(): string {
    return `none:channel-failing:test:${new Date(start).toISOString().slice(0, 10)}`;
  }

  function heard(by: string): readonly string[] {
    return journal
      .facts()
      .flatMap((fact) =>
        fact.kind === "notice-queued" && fact.notice.channels.includes(by)
          ? [fact.notice.dedupKey]
          : [],
      );
  }

  it("tells the same fact once", () => {
    const answers = [queue(journal, notice()), queue(journal, notice({ id: "ntc-2" }))];

    expect(answers).toEqual([true, false]);
    expect(journal.facts()).toHaveLength(1);
  });

  it("delivers at once what is queued while it waits, and records it", async () => {
    const channel = channelOf("test", clock, []);
    deliver(channel);
    await clock.settle();

    queue(journal, notice());
    await clock.settle();

    expect(channel.tries).toEqual([start]);
    expect(journal.facts().at(-1)).toEqual({
      kind: "notice-delivered",
      notice: "ntc-1",
      channel: "test",
    });
    expect(journal.history().outbox).toEqual([]);
  });

  it("delivers what an earlier life left in the journal", async () => {
    queue(journal, notice());
    const channel = channelOf("test", clock, []);

    deliver(channel);
    await clock.settle();

    expect(channel.tries).toHaveLength(1);
  });

  it("tries again with doubling waits until it is delivered", async () => {
    const channel = channelOf("test", clock, [LATER, LATER, LATER, DELIVERED]);
    queue(journal, notice());
    deliver(channel);

    await clock.advance(60 * MINUTE);

    expect(channel.tries.map((at) => at - start)).toEqual([0, 1000, 3000, 7000]);
  });

  it("waits as long as the channel asks for", async () => {
    const channel = channelOf("test", clock, [{ ...LATER, afterMs: 90_000 }, DELIVERED]);
    queue(journal, notice());
    deliver(channel);

    await clock.advance(5 * MINUTE);

    expect(channel.tries.map((at) => at - start)).toEqual([0, 90_000]);
  });

  it("takes a channel that throws for one to try again later", async () => {
    const tries: number[] = [];
    const channel: Channel = {
      name: "test",
      send: async () => {
        tries.push(clock.now());
        throw new Error("broken");
      },
    };
    queue(journal, notice());
    deliver(channel);

    await clock.settle();

    expect(journal.facts().at(-1)).toMatchObject({
      kind: "notice-failed",
      reason: "unknown",
      detail: "broken",
      retryAt: start + 1000,
    });
  });

  it("gives up at once when the channel will never take it", async () => {
    const channel = channelOf("test", clock, [
      { kind: "refused", reason: "rejected", detail: "HTTP 404" },
    ]);
    queue(journal, notice());
    deliver(channel);

    await clock.advance(60 * MINUTE);

    expect(channel.tries).toHaveLength(1);
    expect(journal.facts().at(-1)).toMatchObject({ kind: "notice-failed", retryAt: null });
  });

  it("gives up after a day, with a fact", async () => {
    const channel = channelOf("test", clock, [{ ...LATER, afterMs: 60 * MINUTE }]);
    queue(journal, notice());
    deliver(channel);

    await clock.advance(48 * 60 * MINUTE);

    expect(channel.tries.length).toBe(25);
    expect(journal.facts().at(-1)).toMatchObject({
      kind: "notice-failed",
      retryAt: null,
      detail: "HTTP 503; given up after a day",
    });
  });

  it("keeps one channel's trouble from the others", async () => {
    const well = channelOf("well", clock, []);
    deliver(hanging("hung"), channelOf("dead", clock, [LATER]), well);

    queue(journal, notice({ channels: ["hung", "dead", "well"] }));
    await clock.settle();

    expect(well.tries).toEqual([start]);
    expect(journal.history().outbox[0]?.waiting.map((one) => one.channel)).toEqual([
      "hung",
      "dead",
    ]);
  });

  it("leaves a channel that fails alone with all that waits for it, longer each time", async () => {
    const dead = channelOf("test", clock, [LATER]);
    for (const id of ["ntc-1", "ntc-2", "ntc-3", "ntc-4"]) {
      queue(journal, notice({ id, dedupKey: id }));
    }
    deliver(dead);

    await clock.advance(8 * 1000);

    expect(dead.tries.map((at) => at - start)).toEqual([0, 1000, 3000, 7000]);
  });

  it("asks again at once for the others when a channel is back, and does not let one notice that always fails keep them", async () => {
    const tried: string[] = [];
    const picky: Channel = {
      name: "test",
      send: async ({ id }) => {
        tried.push(`${id} ${clock.now() - start}`);
        return id === "ntc-1" ? LATER : DELIVERED;
      },
    };
    for (const id of ["ntc-1", "ntc-2", "ntc-3"]) {
      queue(journal, notice({ id, dedupKey: id }));
    }
    deliver(picky);

    await clock.advance(2000);

    expect(tried).toEqual(["ntc-1 0", "ntc-2 1000", "ntc-3 1000", "ntc-1 1000"]);
  });

  it("says that an incident is over after everything else of it, and not never because of what nobody takes", async () => {
    const tried: string[] = [];
    const picky: Channel = {
      name: "test",
      send: async ({ id }) => {
        tried.push(id);
        return id === "ntc-9" || tried.length === 1 ? LATER : DELIVERED;
      },
    };
    queue(journal, notice({ id: "ntc-1", dedupKey: "1" }));
    queue(journal, notice({ id: "ntc-2", dedupKey: "2", reason: "recovered", urgency: "tell" }));
    queue(journal, notice({ id: "ntc-3", dedupKey: "3", incident: "inc-2" }));
    deliver(picky);
    await clock.advance(MINUTE);
    const first = tried.splice(0);
    queue(journal, notice({ id: "ntc-9", dedupKey: "9" }));
    queue(journal, notice({ id: "ntc-10", dedupKey: "10", reason: "recovered", urgency: "tell" }));
    await clock.advance(60 * MINUTE);

    expect(first).toEqual(["ntc-1", "ntc-3", "ntc-1", "ntc-2"]);
    expect(tried.indexOf("ntc-10")).toBe(8);
  });

  it("gives up after a day what it had no time to try while the channel was dead", async () => {
    const dead = channelOf("test", clock, [{ ...LATER, afterMs: 60 * MINUTE }]);
    const ids = Array.from({ length: 40 }, (_none, place) => `ntc-${place + 1}`);
    for (const id of ids) {
      queue(journal, notice({ id, dedupKey: id }));
    }
    deliver(dead);

    await clock.advance(26 * 60 * MINUTE);

    expect(journal.history().outbox).toEqual([]);
    const givenUp = journal
      .facts()
      .flatMap((fact) =>
        fact.kind === "notice-failed" && fact.retryAt === null ? [fact.notice] : [],
      );
    expect(givenUp.toSorted()).toEqual(ids.toSorted());
    expect(dead.tries.length).toBeLessThan(30);
  });

  it("gives up a notice whose channel is not configured any more", async () => {
    queue(journal, notice({ channels: ["gone"] }));
    deliver(channelOf("test", clock, []));

    await clock.settle();

    expect(journal.facts().at(-1)).toMatchObject({
      kind: "notice-failed",
      channel: "gone",
      retryAt: null,
    });
  });

  it("drains what is due before it ends", async () => {
    const deliveries = deliver(channelOf("test", clock, []));
    queue(journal, notice());

    await deliveries.drain(5000);

    expect(journal.history().outbox).toEqual([]);
  });

  it("stops draining at the deadline and leaves the rest in the journal", async () => {
    const deliveries = deliver(hanging("test"));
    queue(journal, notice());
    const drained = deliveries.drain(5000);

    await clock.advance(5000);
    await drained;

    expect(journal.history().outbox).toHaveLength(1);
  });

  it("does not wait in a drain for what is due later only", async () => {
    const deliveries = deliver(channelOf("test", clock, [LATER]));
    queue(journal, notice());

    await deliveries.drain(5000);

    expect(clock.now()).toBe(start);
    expect(journal.history().outbox).toHaveLength(1);
  });

  it("ends when it is told to, and fails aloud when the journal cannot be written", async () => {
    const quiet = deliver(channelOf("test", clock, []));
    stop.abort();
    await expect(quiet.finished).resolves.toBeUndefined();

    stop = new AbortController();
    queue(journal, notice());
    const full: Journal = {
      ...journal,
      record: () => {
        throw new Error("disk full");
      },
    };
    const loud = startDelivery(
      { journal: full, channels: [channelOf("test", clock, [])], clock, random: () => 0 },
      stop.signal,
    );

    await expect(loud.finished).rejects.toThrow("disk full");
  });

  it("keeps what waits for business hours until then, and the rest does not wait for it", async () => {
    const channel = channelOf("mail", clock, [LATER, DELIVERED]);
    const opens = start + 3 * 24 * 60 * MINUTE;
    queue(journal, notice({ id: "ntc-1", dedupKey: "a", channels: ["mail"], notBefore: opens }));
    queue(journal, notice({ id: "ntc-2", dedupKey: "b", channels: ["mail"] }));
    deliver(channel);

    await clock.advance(10 * MINUTE);
    const before = journal.history().outbox.map((one) => one.notice.id);
    await clock.advance(opens + 10 * MINUTE - clock.now());

    expect(before).toEqual(["ntc-1"]);
    expect(channel.tries.at(-1)).toBeGreaterThanOrEqual(opens);
    expect(journal.history().outbox).toEqual([]);
    expect(journal.facts().filter(({ kind }) => kind === "notice-delivered")).toHaveLength(2);
  });

  describe("when a channel does not take what it should", () => {
    const REFUSED: Delivery = { kind: "refused", reason: "rejected", detail: "HTTP 404" };
    const routes = { page: ["test", "other"], fallback: ["sms"] };

    function covered(...channels: readonly Channel[]): void {
      const cover = { application: "radiation-health", routes, fallbackAfter: 2 * MINUTE };
      startDelivery({ journal, channels, clock, random: () => 1, cover }, stop.signal);
    }

    it("has a late page told by the fallback, once, with the reason, and what only informs by nobody else", async () => {
      const sms = channelOf("sms", clock, []);
      covered(channelOf("test", clock, [LATER]), sms);
      queue(journal, notice({ dedupKey: "the page" }));
      queue(journal, notice({ id: "ntc-2", dedupKey: "some news", urgency: "tell" }));

      await clock.advance(MINUTE);
      const early = sms.tries.length;
      await clock.advance(3 * MINUTE);

      expect(early).toBe(0);
      expect(sms.tries).toHaveLength(1);
      expect(heard("sms")).toEqual(["the page:instead"]);
      const instead = journal.facts().findLast((fact) => fact.kind === "notice-queued");
      expect(instead).toMatchObject({ notice: { incident: "inc-1", urgency: "page" } });
      expect(JSON.stringify(instead)).toContain("test has not taken it for 2 min");
      expect(JSON.stringify(instead)).toContain("server-error, HTTP 503");
    });

    it("has a page that was refused told by the fallback at once, before the failure is noted", async () => {
      covered(channelOf("test", clock, [REFUSED]), channelOf("sms", clock, []));
      queue(journal, notice({ dedupKey: "the page" }));

      await clock.settle();

      const kinds = journal
        .facts()
        .map((fact) => (fact.kind === "notice-queued" ? fact.notice.dedupKey : fact.kind));
      expect(kinds.slice(0, 4)).toEqual([
        "the page",
        "the page:instead",
        failing(),
        "notice-failed",
      ]);
    });

    it("pages the others once a day about a channel that takes nothing for five minutes", async () => {
      covered(channelOf("test", clock, [LATER]), channelOf("other", clock, []));
      queue(journal, notice({ urgency: "tell" }));

      await clock.advance(4 * MINUTE);
      const early = heard("other");
      await clock.advance(60 * MINUTE);

      expect(early).toEqual([]);
      expect(heard("other")).toEqual([failing()]);
      expect(heard("test")).toEqual(["inc-1:rollback-started:plan-1"]);
      const told = journal.facts().findLast((fact) => fact.kind === "notice-queued");
      expect(told).toMatchObject({
        notice: { reason: "channel-failing", urgency: "page", channels: ["other", "sms"] },
      });
    });

    it("hands on the newest fifty of a flood of pages, each once", async () => {
      covered(channelOf("test", clock, [LATER]), channelOf("sms", clock, []));
      const ids = Array.from({ length: 1200 }, (_none, place) => `ntc-${place}`);
      for (const id of ids) {
        queue(journal, notice({ id, dedupKey: id }));
      }

      await clock.advance(30 * MINUTE);

      const handedOn = heard("sms").filter((key) => key.endsWith(":instead"));
      expect(handedOn).toEqual(ids.slice(-50).map((id) => `${id}:instead`));
    });

    it("wakes nobody because of a channel that only informs", async () => {
      covered(channelOf("digest", clock, [REFUSED]), channelOf("other", clock, []));
      queue(journal, notice({ urgency: "tell", channels: ["digest"] }));

      await clock.settle();

      const told = journal.facts().findLast((fact) => fact.kind === "notice-queued");
      expect(told).toMatchObject({ notice: { reason: "channel-failing", urgency: "tell" } });
    });

    it("asks nobody else where it has it after all, and nobody where there is nobody else", async () => {
      covered(channelOf("other", clock, [LATER, DELIVERED]));
      queue(journal, notice({ dedupKey: "the page", channels: ["other"] }));
      await clock.advance(60 * MINUTE);

      const alone = { page: ["test"], fallback: [] };
      const cover = { application: "radiation-health", routes: alone, fallbackAfter: 0 };
      const dead = channelOf("test", clock, [LATER]);
      startDelivery({ journal, channels: [dead], clock, random: () => 1, cover }, stop.signal);
      queue(journal, notice({ id: "ntc-2", dedupKey: "another" }));
      await clock.advance(60 * MINUTE);

      expect(journal.facts().filter((fact) => fact.kind === "notice-queued")).toHaveLength(2);
    });
  });
});
