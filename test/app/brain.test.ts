import { expect, it, vi } from "vitest";
import { withScenario } from "../support/scenario.ts";

it("asks pm2 for the services once a second beside what the probes ask, however many samples come", async () => {
  await withScenario({}, async (story) => {
    const looks = vi.spyOn(story.pm2, "services");
    await story.install("good-1", "works");
    await story.startsRollwatch();
    await story.passes("10s");
    looks.mockClear();

    await story.passes("60s");

    // The pm2 probe and the memory probe ask some 86 times a minute; a turn for each sample would make it 176.
    expect(looks.mock.calls.length).toBeGreaterThan(130);
    expect(looks.mock.calls.length).toBeLessThanOrEqual(150);
  });
});
