import { expect, it } from "vitest";
import type { Cycle } from "../../src/app/cycles.ts";
import { startHeartbeat } from "../../src/app/heartbeat.ts";
import type { Answer } from "../../src/system/http.ts";
import { type Parts, withDaemon } from "../support/daemon.ts";
import { anAnswer, fakeHttp } from "../support/fakes/http.ts";

const COMPLETED: Cycle = { kind: "completed" };

/** A heartbeat over an outside in the test's hand. */
function begin({ daemon }: Parts, url = "https://beats.example/ping/5f1c?create=1") {
  const http = fakeHttp();
  const results: string[] = [];
  const stopping = new AbortController();
  const listeners: ((cycle: Cycle) => void)[] = [];
  startHeartbeat(
    {
      daemon: { ...daemon, world: { ...daemon.world, http } },
      settings: { url, every: 60_000, timeout: 10_000 },
      cycles: {
        turned: () => undefined,
        onCycle: (next) => {
          listeners.push(next);
        },
      },
      metrics: { onHeartbeat: (result) => results.push(result) },
    },
    stopping.signal,
  );
  return {
    http,
    results,
    stopping,
    cycle: (next: Cycle) => listeners[0]?.(next),
    heard: () => http.asked.map(({ method, url: to, body }) => `${method} ${to} ${body}`),
  };
}

function page(parts: Parts, urgency: "page" | "tell"): void {
  const { daemon, world, record } = parts;
  const [id, at] = [daemon.world.ids.random().toString(), world.clock.now()];
  const words = { title: "down", text: "down", reason: "held", incident: null } as const;
  const channels = ["telephone"];
  record({ kind: "notice-queued", notice: { id, dedupKey: id, at, urgency, channels, ...words } });
}

it("posts to the address after a completed cycle, no sooner than `every` again", async () => {
  await withDaemon(async (parts) => {
    const { cycle, heard, results } = begin(parts);
    await parts.world.clock.advance(1000);

    cycle(COMPLETED);
    await parts.world.clock.advance(59_000);
    cycle(COMPLETED);
    await parts.world.clock.advance(1000);
    cycle(COMPLETED);
    await parts.world.clock.advance(1000);

    expect(heard()).toEqual([
      "POST https://beats.example/ping/5f1c/start?create=1 rollwatch watches story",
      "POST https://beats.example/ping/5f1c?create=1 watching",
      "POST https://beats.example/ping/5f1c?create=1 watching",
    ]);
    expect(results).toEqual(["sent", "sent", "sent"]);
  });
});

it("tells of a failure when no probe answers, or a page has not arrived for five minutes", async () => {
  await withDaemon(async (parts) => {
    const { cycle, heard } = begin(parts, "https://beats.example/");
    page(parts, "page");
    page(parts, "tell");

    for (const minutes of [1, 4, 1]) {
      await parts.world.clock.advance(minutes * 60_000);
      cycle(COMPLETED);
    }
    await parts.world.clock.advance(60_000);
    cycle({ kind: "blind", reason: "no probe has answered for 1m" });
    await parts.world.clock.advance(1000);

    expect(heard().slice(1)).toEqual([
      "POST https://beats.example/ watching",
      "POST https://beats.example/fail 1 pages have not arrived: telephone",
      "POST https://beats.example/fail 1 pages have not arrived: telephone",
      "POST https://beats.example/fail no probe has answered for 1m",
    ]);
  });
});

it("counts what is refused or not answered, and tries again at the next time", async () => {
  const unanswered: Answer = {
    kind: "failed",
    reason: "timeout",
    detail: "no connection within 10s",
    phases: { totalMs: 10_000 },
  };
  await withDaemon(async (parts) => {
    const { cycle, http, results } = begin(parts);
    await parts.world.clock.advance(1000);
    for (const answer of [anAnswer({ status: 404 }), unanswered, anAnswer()]) {
      http.setAnswer(answer);
      cycle(COMPLETED);
      await parts.world.clock.advance(60_000);
    }

    expect(results).toEqual(["sent", "failed", "failed", "sent"]);
  });
});

it("sends nothing once it is told to end", async () => {
  await withDaemon(async (parts) => {
    const { cycle, heard, stopping } = begin(parts);
    await parts.world.clock.advance(1000);

    stopping.abort("SIGTERM");
    cycle(COMPLETED);
    await parts.world.clock.advance(60_000);

    expect(heard()).toHaveLength(1);
  });
});
