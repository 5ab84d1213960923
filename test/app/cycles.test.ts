import { expect, it } from "vitest";
import { type Cycle, openCycles } from "../../src/app/cycles.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { breaksAfterProof, type Parts, withDaemon } from "../support/daemon.ts";
import { rollBackByHand } from "../../src/app/roll-back-by-hand.ts";

const ADA = { name: "ada", roles: [], access: [] } as const;

function watchCycles({ daemon }: Parts) {
  const seen: Cycle["kind"][] = [];
  const cycles = openCycles(daemon);
  cycles.onCycle(({ kind }) => seen.push(kind));
  return { seen, cycles };
}

it("calls a turn over fresh samples completed, and one over old ones blind", async () => {
  await withDaemon(async (parts) => {
    const { seen, cycles } = watchCycles(parts);

    parts.sample(0);
    await parts.world.clock.advance(10_000);
    cycles.turned();
    await parts.world.clock.advance(20_000);
    cycles.turned();
    parts.sample(0);
    cycles.turned();

    expect(seen).toEqual(["completed", "blind", "completed"]);
  });
});

it("sees no cycle in samples alone: a loop that hangs is not alive because its probes are", async () => {
  await withDaemon(async (parts) => {
    const { seen } = watchCycles(parts);

    parts.sample(0);

    expect(seen).toEqual([]);
  });
});

it("takes samples for cycles while a recovery holds the loop up, until it has stood still for two hours", async () => {
  await withDaemon(async (parts) => {
    await breaksAfterProof(parts);
    openChangeWatch(parts.daemon).note();
    const { signal } = new AbortController();
    const request = { scope: "application", reason: "it is down" } as const;
    await rollBackByHand(parts.daemon, request, ADA, signal);
    const { seen } = watchCycles(parts);

    await parts.world.clock.advance(60 * 60_000);
    parts.sample(1);
    const inTime = seen.length;
    await parts.world.clock.advance(61 * 60_000);
    parts.sample(1);

    expect(inTime).toBeGreaterThan(0);
    expect(seen).toHaveLength(inTime);
  });
});
