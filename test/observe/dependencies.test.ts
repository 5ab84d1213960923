import { describe, expect, it } from "vitest";
import { UpstreamSettings } from "../../src/model/application.ts";
import { askNames, askUpstreams } from "../../src/observe/dependencies.ts";
import type { NameAnswer } from "../../src/system/host-names.ts";
import type { Answer } from "../../src/system/http.ts";
import { anAnswer, fakeHttp } from "../support/fakes/http.ts";
import { fakeHostNames } from "../support/fakes/host-names.ts";

const NEVER = new AbortController().signal;
const REFUSED: Answer = {
  kind: "failed",
  reason: "refused",
  detail: "ECONNREFUSED",
  phases: { totalMs: 1 },
};

function anUpstream(name: string, over: object = {}): UpstreamSettings {
  return UpstreamSettings.parse({ name, url: `http://${name}.internal/health`, ...over });
}

/** What is said of one upstream that answers like this. */
async function about(answer: Answer, over: object = {}): ReturnType<typeof askUpstreams> {
  const http = fakeHttp();
  http.setAnswer(answer);
  return askUpstreams(http, [anUpstream("billing", over)], NEVER);
}

describe("the control of upstreams", () => {
  it.each<[string, Answer, object, string]>([
    ["one that answers", anAnswer({}), {}, "green"],
    // without credentials of its own rollwatch sees that it lives
    ["one that wants credentials", anAnswer({ status: 401 }), {}, "green"],
    ["one that is asked too often", anAnswer({ status: 429 }), { expectStatus: [200] }, "green"],
    [
      "one with another status than the expected",
      anAnswer({ status: 401 }),
      { expectStatus: [200] },
      "red",
    ],
    ["one that fails itself", anAnswer({ status: 503 }), {}, "red"],
    ["one that refuses", REFUSED, {}, "red"],
    ["one that says more than needed", { ...REFUSED, reason: "oversize" }, {}, "green"],
    // our side failed: nothing is known of the upstream
    [
      "no descriptor left",
      { kind: "local", reason: "out-of-descriptors", detail: "EMFILE" },
      {},
      "unknown",
    ],
  ])("calls %s by its colour", async (_what, answer, over, state) => {
    expect(await about(answer, over)).toMatchObject({
      state,
      detail: expect.stringContaining("billing"),
    });
  });

  it("names the dead one first, and is red for one of several", async () => {
    const http = {
      ask: async ({ url }: { readonly url: string }) =>
        url.includes("billing") ? REFUSED : anAnswer({}),
    };

    const found = await askUpstreams(http, [anUpstream("mail"), anUpstream("billing")], NEVER);

    expect(found.state).toBe("red");
    expect(found.detail).toMatch(
      /^billing: the connection was refused \(ECONNREFUSED\); mail answered in/u,
    );
  });

  it("knows nothing where none is configured", async () => {
    expect(await askUpstreams(fakeHttp(), [], NEVER)).toEqual({
      state: "unknown",
      detail: "no upstream is configured",
    });
  });
});

describe("the control of names", () => {
  const gone: NameAnswer = { kind: "no-such-name", detail: "ENOTFOUND" };
  const mute: NameAnswer = { kind: "no-resolver", detail: "EAI_AGAIN" };

  it.each<[string, Readonly<Record<string, NameAnswer>>, string]>([
    ["all resolve", {}, "green"],
    // a wrong name in the configuration is no broken resolver
    ["one of them is not known", { "one.internal": gone }, "green"],
    ["none of them is known", { "one.internal": gone, "two.internal": gone }, "red"],
    ["nobody can be asked for one", { "two.internal": mute }, "red"],
  ])("is right when %s", async (_what, answers, state) => {
    const names = fakeHostNames();
    for (const [name, answer] of Object.entries(answers)) {
      names.set(name, answer);
    }

    expect(await askNames(names, ["one.internal", "two.internal"], NEVER)).toMatchObject({ state });
  });

  it("knows nothing where everything is configured by its address", async () => {
    expect(await askNames(fakeHostNames(), [], NEVER)).toMatchObject({ state: "unknown" });
  });
});
