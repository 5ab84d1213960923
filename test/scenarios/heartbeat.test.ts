import { expect, it, vi } from "vitest";
import type { Ask } from "../../src/system/http.ts";
import { anAnswer } from "../support/fakes/http.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";

const URL = "https://beats.example/ping/5f1c";
const BEATING = { watchdog: { heartbeat: { url: URL, every: "1m" } } } as const;

/** What is sent to the outside from now on, as `path body`. */
function listen({ ports }: Scenario, status = 200) {
  const heard: string[] = [];
  const inside = { ...ports.http };
  vi.spyOn(ports.http, "ask").mockImplementation(async (request: Ask, signal) => {
    if (!request.url.startsWith(URL)) {
      return inside.ask(request, signal);
    }
    heard.push(`${request.url.slice(URL.length)} ${request.body}`.trim());
    return anAnswer({ status });
  });
  return heard;
}

it("tells the outside that it began, and once a minute that it watches", async () => {
  await withScenario(
    {},
    async (story) => {
      const heard = listen(story);
      await story.install("good-1", "works");
      await story.startsRollwatch();

      await story.passes("3m");

      expect(heard[0]).toBe("/start rollwatch watches story");
      expect(heard.slice(1)).toEqual(["watching", "watching", "watching", "watching"]);
    },
    BEATING,
  );
});

it("holds nothing up and counts it when the outside does not take it", async () => {
  await withScenario(
    {},
    async (story) => {
      listen(story, 500);
      await story.beginsProven("good-1");
      await story.install("bad-2", "answers 500");

      await story.passesUntil((fact) => fact.kind === "recovery-ended");

      expect(story.recovery().ended?.result).toBe("completed");
    },
    BEATING,
  );
});
