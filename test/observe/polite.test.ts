import { describe, expect, it } from "vitest";
import { politeHttp } from "../../src/observe/polite.ts";
import type { Http } from "../../src/system/http.ts";
import { anAnswer, fakeHttp } from "../support/fakes/http.ts";
import { createManualClock } from "../support/fakes/clock.ts";

const NEVER = new AbortController().signal;

async function ask(http: Http, url = "http://127.0.0.1:1/id"): Promise<number> {
  const answer = await http.ask({ url, timeoutMs: 1000, maxBodyBytes: 1000 }, NEVER);
  return answer.kind === "answered" ? answer.status : 0;
}

describe("polite HTTP", () => {
  it("asks each time while it is answered", async () => {
    const http = fakeHttp();
    const polite = politeHttp(http, createManualClock(), 5000);

    const statuses = [await ask(polite), await ask(polite)];

    expect(statuses).toEqual([200, 200]);
    expect(http.asked).toHaveLength(2);
  });

  it("leaves an address alone for as long as its 429 says, which stands meanwhile", async () => {
    const http = fakeHttp();
    const clock = createManualClock();
    const polite = politeHttp(http, clock, 5000);
    http.setAnswer(anAnswer({ status: 429, headers: { "retry-after": "60" } }));
    await ask(polite);
    http.setAnswer(anAnswer());

    await clock.advance(59_000);
    const early = await ask(polite);
    await clock.advance(2000);
    const later = await ask(polite);

    expect([early, later]).toEqual([429, 200]);
    expect(http.asked).toHaveLength(2);
  });

  it("asks more and more seldom when it does not say for how long, and as before once it is answered", async () => {
    const http = fakeHttp();
    const clock = createManualClock();
    const polite = politeHttp(http, clock, 5000);
    http.setAnswer(anAnswer({ status: 429 }));
    for (let passed = 0; passed < 60_000; passed += 5000) {
      await ask(polite);
      await clock.advance(5000);
    }
    const whileRefused = http.asked.length;
    http.setAnswer(anAnswer());

    await clock.advance(60_000);
    const statuses = [await ask(polite), await ask(polite)];

    expect(whileRefused).toBe(3);
    expect(statuses).toEqual([200, 200]);
    expect(http.asked).toHaveLength(5);
  });

  it("leaves alone the address that asked for it, and no other", async () => {
    const http = fakeHttp();
    const polite = politeHttp(http, createManualClock(), 5000);
    http.setAnswer(anAnswer({ status: 429 }));
    await ask(polite);
    http.setAnswer(anAnswer());

    const statuses = [await ask(polite), await ask(polite, "http://127.0.0.1:1/other")];

    expect(statuses).toEqual([429, 200]);
  });
});
