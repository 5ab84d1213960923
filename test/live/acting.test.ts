import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { Captured, Incidents, Pruned, Releases, Reported } from "../../src/api/contract.ts";
import { PlanReport, Resumed, ReleaseCheck } from "../../src/model/actions.ts";
import type { Entry } from "../../src/model/facts.ts";
import { IncidentReport, Status } from "../../src/model/operations.ts";
import { RollbackPreview } from "../../src/model/preview.ts";
import { ReleaseDetails, ReleaseDifference } from "../../src/model/release-report.ts";
import { type ActingLab, openActingLab, type Policy } from "./support/acting-lab.ts";
import { endCleanly } from "./support/crash-lab.ts";
import type { DaemonLife } from "./support/daemon-life.ts";
import { factsOf, isOver } from "./support/restored.ts";
import { BAD, GOOD } from "./support/two-services.ts";

let lab: ActingLab;

beforeAll(async () => {
  lab = await openActingLab();
});

afterAll(async () => {
  const problems = await lab.end();
  if (problems.length > 0) {
    throw new Error(`left behind: ${problems.join("; ")}`);
  }
});

/** The entries since the good release was proven. */
let before = 0;

async function begin(policy: Policy): Promise<void> {
  await lab.begin(policy);
  before = (await lab.entries()).length;
}

async function story(): Promise<readonly Entry[]> {
  return (await lab.entries()).slice(before);
}

async function until(
  isSo: (entries: readonly Entry[]) => boolean,
  what: string,
  daemon?: DaemonLife,
): Promise<readonly Entry[]> {
  const entries = await lab.until((all) => isSo(all.slice(before)), what, daemon);
  return entries.slice(before);
}

/** A daemon that recommends, the bad release, and the plan that waits. */
async function untilAsked(daemon: DaemonLife, times = 1): Promise<string> {
  const entries = await until(
    (all) => factsOf(all, "approval-asked").length >= times,
    `people are asked ${times} times`,
    daemon,
  );
  return factsOf(entries, "approval-asked").at(-1)?.plan ?? "";
}

function resultsOf(entries: readonly Entry[]): readonly string[] {
  return factsOf(entries, "recovery-ended").map(({ result }) => result);
}

/** The plans of which anything was begun, each once. */
function begunOf(entries: readonly Entry[]): readonly string[] {
  return [...new Set(factsOf(entries, "recovery-started").map(({ plan }) => plan))];
}

async function pids(): Promise<readonly number[]> {
  return (await lab.app.pm2.list()).map(({ pid }) => pid);
}

/** What a command answers that has nothing to say. */
const Done = z.strictObject({ done: z.literal(true) });
const ByHand = ["--yes", "--reason", "as agreed"];

/** The id of the release that is proven from the beginning. */
async function goodRelease(): Promise<string> {
  const proven = factsOf(await lab.entries(), "release-proven").map(({ release }) => release);
  return proven[0] ?? "";
}

function errorOf(err: string): string {
  return err.split("\n")[0] ?? "";
}

describe("a plan that waits for people", () => {
  it("is named by status, runs for the right person alone, and only once", async () => {
    await begin({ mode: "recommend" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);

    const told = await lab.cli(["status"]);
    const status = await lab.json(Status, ["status"]);
    expect(told.out).toContain(`rollwatch approve ${plan}`);
    expect([told.code, status.answer.waiting]).toMatchObject([
      0,
      { plan, roles: ["system-administrator"], given: 0 },
    ]);

    const nobody = await lab.cli(["approve", plan]);
    const wrong = await lab.cli(["approve", plan, "--json"], "Paul");
    expect([nobody.code, wrong.code]).toEqual([3, 3]);
    expect(wrong.err).toContain('"code": "not-permitted"');
    expect(factsOf(await story(), "approved")).toEqual([]);
    expect(await lab.app.served()).toBe(BAD);

    const right = await lab.json(PlanReport, ["approve", plan], "Ada");
    expect([right.code, right.answer.state]).toEqual([0, "running"]);
    const again = await lab.cli(["approve", plan], "Sam");
    expect(again.code).toBe(3);

    const entries = await until(isOver, "the incident is closed", daemon);
    const late = await lab.cli(["approve", plan], "Ada");
    expect(late.code).toBe(3);
    expect(errorOf(late.err)).toContain("has ended");
    expect(factsOf(entries, "approved")).toMatchObject([
      { plan, by: "Ada", role: "system-administrator" },
    ]);
    expect(resultsOf(entries)).toEqual(["completed"]);
    expect(factsOf(entries, "verified").map((one) => one.verification.result)).toEqual(["proven"]);
    expect(await lab.app.served()).toBe(GOOD);
    await endCleanly(daemon);
  });
});

describe("a plan that still waits when the daemon has died", () => {
  it("is approved and carried out by the command itself", async () => {
    await begin({ mode: "recommend" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);
    daemon.send("SIGKILL");
    await daemon.ended;

    const wrong = await lab.cli(["approve", plan], "Paul");
    const right = await lab.json(PlanReport, ["approve", plan], "Ada");

    expect([wrong.code, right.code, right.answer.ended?.result]).toEqual([3, 0, "completed"]);
    const entries = await story();
    expect(factsOf(entries, "approved").map(({ by }) => by)).toEqual(["Ada"]);
    expect(factsOf(entries, "verified").map((one) => one.verification.result)).toEqual(["proven"]);
    expect(await lab.app.served()).toBe(GOOD);
  });
});

describe("over TCP", () => {
  it("a plan is approved with the token of the right person, and by no page of another site", async () => {
    await begin({ mode: "recommend" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);
    const path = `/api/v1/plans/${plan}/approve`;
    const ada = { authorization: `Bearer ${lab.tokens.Ada}` };
    const unread = await fetch(`${lab.url}/api/v1/plans/${plan}`);
    const read = await fetch(`${lab.url}/api/v1/plans/${plan}`, { headers: ada });
    const { hash } = PlanReport.parse(await read.json());

    const refused = [
      await lab.post(path, {}, {}),
      await lab.post(path, {}, { authorization: "Bearer nobody-has-this-token" }),
      await lab.post(path, {}, { authorization: `Bearer ${lab.tokens.Paul}` }),
      await lab.post(path, {}, { ...ada, origin: "http://elsewhere.example" }),
      await lab.post(path, {}, { ...ada, "x-rollwatch-by": "Ada", "content-type": "text/plain" }),
      await lab.post(path, { hash: "0".repeat(64) }, ada),
      await lab.post(path, { hash, force: true }, ada),
      await lab.post("/api/v1/pause", { reason: "mine", forMs: null }, ada),
    ];
    expect(unread.status).toBe(401);
    expect(refused.map(({ status }) => status)).toEqual([401, 401, 403, 403, 415, 409, 400, 403]);
    expect(factsOf(await story(), "approved")).toEqual([]);

    const given = await lab.post(path, { hash }, ada);
    expect([given.status, PlanReport.parse(await given.json()).state]).toEqual([200, "running"]);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect((await lab.post(path, { hash }, ada)).status).toBe(409);
    expect([resultsOf(entries), await lab.app.served()]).toEqual([["completed"], GOOD]);
    await endCleanly(daemon);
  });
});

describe("a plan whose time is over", () => {
  it("is refused, and another one is asked for and runs", async () => {
    await begin({ mode: "recommend", expires: "3s" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const first = await untilAsked(daemon);
    await until((all) => resultsOf(all).length > 0, "the first plan expires", daemon);

    const late = await lab.cli(["approve", first], "Ada");
    const second = await untilAsked(daemon, 2);
    const path = `/api/v1/plans/${second}/approve`;
    const given = await lab.post(path, {}, { authorization: `Bearer ${lab.tokens.Ada}` });

    expect([late.code, errorOf(late.err)]).toEqual([3, expect.stringContaining("in time")]);
    expect([given.status, second === first]).toEqual([200, false]);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(factsOf(entries, "approved").map(({ plan }) => plan)).toEqual([second]);
    expect(begunOf(entries)).toEqual([second]);
    const reasons = factsOf(entries, "notice-queued").map(({ notice }) => notice.reason);
    expect(reasons.filter((reason) => /recommended|expired/u.test(reason))).toEqual([
      "recommended",
      "approval-expired",
      "recommended",
    ]);
    expect(await lab.app.served()).toBe(GOOD);
    await endCleanly(daemon);
  });
});

describe("a breach that is gone", () => {
  it("ends the waiting plan, and its approval is refused", async () => {
    await begin({ mode: "recommend" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);

    await lab.app.deployGood();
    const entries = await until(isOver, "the incident is closed", daemon);
    const late = await lab.cli(["approve", plan], "Ada");

    expect([late.code, errorOf(late.err)]).toEqual([3, expect.stringContaining("cleared")]);
    expect(factsOf(entries, "recovery-ended")).toMatchObject([{ plan, result: "cancelled" }]);
    expect(factsOf(await story(), "recovery-started")).toEqual([]);
    expect(factsOf(entries, "closed")).toMatchObject([{ outcome: "recommended" }]);
    await endCleanly(daemon);
  });

  it("keeps a plan from acting that was approved before that was seen", async () => {
    await begin({ mode: "recommend", clearAfter: 25 });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);
    await lab.app.deployGood();
    const running = await pids();

    const approved = await lab.post(
      `/api/v1/plans/${plan}/approve`,
      {},
      { authorization: `Bearer ${lab.tokens.Ada}` },
    );

    expect(approved.status).toBe(200);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(factsOf(entries, "recovery-ended")).toMatchObject([{ plan, result: "cancelled" }]);
    const steps = factsOf(entries, "step-started").map(({ step }) => step);
    expect(steps.filter((step) => !step.startsWith("stage:"))).toEqual([]);
    expect([await pids(), await lab.app.served()]).toEqual([running, GOOD]);
    await endCleanly(daemon);
  });
});

describe("two approvals at the same instant", () => {
  it("begin one recovery: one counts, the other comes too late", async () => {
    await begin({ mode: "recommend" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const plan = await untilAsked(daemon);

    const both = await Promise.all([
      lab.cli(["approve", plan], "Ada"),
      lab.cli(["approve", plan], "Sam"),
    ]);

    expect(new Set(both.map(({ code }) => code))).toEqual(new Set([0, 3]));
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(factsOf(entries, "approved")).toHaveLength(1);
    expect(begunOf(entries)).toEqual([plan]);
    expect(resultsOf(entries)).toEqual(["completed"]);
    await endCleanly(daemon);
  });
});

describe("by hand, beside a daemon that only watches", () => {
  it("restarts one service, and goes back to the named release", async () => {
    await begin({ mode: "shadow" });
    const daemon = await lab.daemon();
    const good = await goodRelease();
    const [api, worker] = await pids();

    const restart = ["rollback", "--scope", "service", "--service", "worker"];
    const restarted = await lab.json(PlanReport, [...restart, ...ByHand]);
    expect([restarted.code, restarted.answer]).toMatchObject([
      0,
      { scope: "service", target: null, state: "ended", requestedBy: "tester" },
    ]);
    const after = await pids();
    expect([after[0], after[1] === worker]).toEqual([api, false]);

    await lab.app.deployBad();
    const unsure = await lab.cli(["rollback", "--to", good, "--reason", "no one to ask"]);
    const preview = await lab.json(RollbackPreview, ["rollback", "--dry-run", "--to", good]);
    expect([unsure.code, preview.answer.target]).toEqual([2, good]);
    expect(await lab.app.served()).toBe(BAD);

    const back = await lab.json(PlanReport, ["rollback", "--to", good, ...ByHand]);
    expect([back.code, back.answer]).toMatchObject([
      5,
      { target: good, ended: { result: "completed" } },
    ]);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(factsOf(entries, "closed").map(({ outcome }) => outcome)).toEqual([
      "serviced",
      "rolled-back",
    ]);
    expect(factsOf(entries, "verified").map((one) => one.verification.result)).toEqual([
      "proven",
      "proven",
    ]);
    expect(await lab.app.served()).toBe(GOOD);
    await endCleanly(daemon);
  });
});

describe("by hand, at the instant when the daemon decides itself", () => {
  it.each([
    { since: "the deployment", fact: "daemon-started" },
    { since: "the breach", fact: "incident-opened" },
  ] as const)("begins exactly one recovery when a person asks since $since", async ({ fact }) => {
    await begin({ mode: "auto" });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const starts = (await lab.app.starts()).length;
    await until((all) => factsOf(all, fact).length > 0, fact, daemon);
    const good = await goodRelease();
    const wish = { scope: "application", to: good, reason: "I saw it too" };

    const answers = await lab.postOften(
      "/api/v1/rollbacks",
      wish,
      async () => factsOf(await story(), "recovery-started").length > 0,
    );

    const entries = await until(isOver, "the incident is closed", daemon);
    const planned = factsOf(entries, "planned").map(({ plan }) => plan);
    const begun = begunOf(entries);
    expect(begun).toHaveLength(1);
    expect(resultsOf(entries).filter((result) => result === "completed")).toHaveLength(1);
    expect(answers.filter((status) => status === 200).length).toBe(
      planned.filter((plan) => plan.requestedBy !== "policy").length,
    );
    expect(answers.every((status) => status === 200 || status === 409)).toBe(true);
    expect(factsOf(entries, "closed")).toMatchObject([{ outcome: "rolled-back" }]);
    const again = (await lab.app.starts()).slice(starts).filter(({ release }) => release === GOOD);
    expect(again.map(({ service }) => service)).toEqual(expect.arrayContaining(["api", "worker"]));
    expect([again.length, await lab.app.served()]).toEqual([2, GOOD]);
    await endCleanly(daemon);
  });
});

describe("by hand, without any daemon", () => {
  it("holds the locks while it goes back, so that no daemon starts meanwhile, and restarts a service", async () => {
    await begin({ mode: "auto" });
    await lab.app.deployBad();

    const command = lab.started(["rollback", "--json", ...ByHand]);
    await until((all) => begunOf(all).length > 0, "it has begun", command);
    command.send("SIGSTOP");
    const daemon = lab.started(["run", "--json"]);
    const refused = await daemon.ready.then(
      () => "it watches",
      async () => daemon.ended,
    );
    const second = await lab.cli(["pause", "--reason", "me too"]);
    command.send("SIGCONT");

    expect(await command.ended).toEqual({ code: 5, signal: null });
    expect([refused, second.code]).toEqual([{ code: 1, signal: null }, 1]);
    expect(second.err).toContain("somebody else is at work");
    const entries = await story();
    expect(resultsOf(entries)).toEqual(["completed"]);
    expect(factsOf(entries, "verified").map((one) => one.verification.result)).toEqual(["proven"]);
    expect(factsOf(entries, "paused")).toEqual([]);
    expect(await lab.app.served()).toBe(GOOD);

    const [api, worker] = await pids();
    const restart = ["rollback", "--scope", "service", "--service", "worker"];
    const restarted = await lab.json(PlanReport, [...restart, ...ByHand]);
    const after = await pids();
    expect([restarted.code, restarted.answer.ended?.result]).toEqual([0, "completed"]);
    expect([after[0], after[1] === worker]).toEqual([api, false]);
  });

  it("is finished by the next daemon when its command was killed in the middle", async () => {
    await begin({ mode: "shadow" });
    await lab.app.deployBad();
    const starts = (await lab.app.starts()).length;
    const command = lab.started(["rollback", ...ByHand]);
    await until(
      (all) => factsOf(all, "step-started").some(({ step }) => step.startsWith("stop-service")),
      "it stops services",
      command,
    );

    command.send("SIGKILL");
    expect((await command.ended).signal).toBe("SIGKILL");
    expect(resultsOf(await story())).toEqual([]);
    const daemon = await lab.daemon();
    const entries = await until(isOver, "the incident is closed", daemon);

    expect(begunOf(entries)).toHaveLength(1);
    expect(resultsOf(entries)).toEqual(["completed"]);
    expect(factsOf(entries, "closed")).toMatchObject([{ outcome: "rolled-back" }]);
    expect(await lab.app.served()).toBe(GOOD);
    const again = (await lab.app.starts()).slice(starts).filter(({ release }) => release === GOOD);
    expect(again.map(({ service }) => service).toSorted()).toEqual(["api", "worker"]);
    await endCleanly(daemon);
  });
});

describe("a pause", () => {
  it("outlives the daemon's death: the breach is held and told, until somebody resumes", async () => {
    await begin({ mode: "auto" });
    const mortal = await lab.daemon();
    const paused = await lab.json(Done, ["pause", "--for", "1h", "--reason", "a load test"]);
    expect(paused.code).toBe(0);
    mortal.send("SIGKILL");
    await mortal.ended;

    const daemon = await lab.daemon();
    await lab.app.deployBad();
    const held = await until(
      (all) => factsOf(all, "notice-queued").some(({ notice }) => notice.reason === "held"),
      "the breach is told",
      daemon,
    );
    const { answer } = await lab.json(Status, ["status"]);

    expect(answer.paused).toMatchObject({ by: "tester", reason: "a load test" });
    expect([factsOf(held, "planned"), await lab.app.served()]).toEqual([[], BAD]);
    const decision = factsOf(held, "decided").at(-1)?.decision;
    const blocks = decision?.guards.filter((one) => one.answer === "block");
    expect([decision?.kind, blocks?.map((one) => one.guard)]).toEqual([
      "hold",
      expect.arrayContaining(["not-paused"]),
    ]);

    const resumed = await lab.json(Resumed, ["resume"]);
    expect(resumed).toMatchObject({ code: 0, answer: { ended: [{ reason: "a load test" }] } });
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(resultsOf(entries)).toEqual(["completed"]);
    expect(await lab.app.served()).toBe(GOOD);
    expect((await lab.cli(["resume"])).code).toBe(3);
    await endCleanly(daemon);
  });
});

describe("a maintenance", () => {
  it("keeps a breach from waking anybody, until it is ended", async () => {
    await begin({ mode: "auto" });
    const daemon = await lab.daemon();
    const started = ["maintenance", "start", "--for", "1h", "--reason", "new disks"];
    expect((await lab.json(Done, started)).code).toBe(0);

    await lab.app.deployBad();
    await until(
      (all) => factsOf(all, "decided").some(({ decision }) => decision.kind === "hold"),
      "the breach is held",
      daemon,
    );
    const { answer } = await lab.json(Status, ["status"]);
    const reasons = factsOf(await story(), "notice-queued").map(({ notice }) => notice.reason);
    expect([answer.maintenance?.reason, answer.openIncident?.trigger]).toEqual([
      "new disks",
      "system-down",
    ]);
    expect([reasons, await lab.app.served()]).toEqual([["maintenance-started"], BAD]);

    expect((await lab.json(Done, ["maintenance", "end"])).code).toBe(0);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(resultsOf(entries)).toEqual(["completed"]);
    expect(await lab.app.served()).toBe(GOOD);
    await endCleanly(daemon);
  });
});

describe("data corruption that a person reports", () => {
  it("goes back when two people approve, and leaves an incident that people can work with", async () => {
    await begin({ mode: "shadow", healthy: [200, 503], breachAfter: 50 });
    const daemon = await lab.daemon();
    await lab.app.deployBad();
    await lab.untilStatus((status) => status.deployed?.served === BAD, "the bad release is seen");
    const words = "two doses have the same id";

    const reported = await lab.json(Reported, ["report", "data-corruption", "--reason", words]);
    const { incident } = reported.answer;
    const plan = await untilAsked(daemon);
    const first = await lab.json(PlanReport, ["approve", plan], "Ada");
    const twice = await lab.cli(["approve", plan], "Sam");
    const wrong = await lab.cli(["approve", plan], "Paul");
    expect([first.code, first.answer.state, twice.code, wrong.code]).toEqual([4, "waiting", 3, 3]);
    expect((await story()).some(({ fact }) => fact.kind === "recovery-started")).toBe(false);
    const last = await lab.json(PlanReport, ["approve", plan], "Dora");
    expect([last.code, last.answer.state]).toEqual([0, "running"]);
    const entries = await until(isOver, "the incident is closed", daemon);
    expect(factsOf(entries, "closed").map((one) => one.incident)).toEqual([incident]);
    expect(factsOf(entries, "approved").map(({ by }) => by)).toEqual(["Ada", "Dora"]);
    expect([resultsOf(entries), await lab.app.served()]).toEqual([["completed"], GOOD]);

    await lab.json(Done, ["incident", "note", incident, "the vendor", "was told"]);
    await lab.json(Done, ["incident", "label", incident, "right"]);
    const closing = await lab.cli(["incident", "close", incident, "--reason", "over"]);
    const list = await lab.json(Incidents, ["incident", "list"]);
    const shown = await lab.json(IncidentReport, ["incident", "show", incident]);
    expect(closing.code).toBe(3);
    expect(list.answer.incidents.map(({ id }) => id)).toEqual([incident]);
    expect(shown.answer).toMatchObject({
      reported: { by: "tester", reason: words },
      notes: [{ by: "tester", text: "the vendor was told" }],
      label: "right",
      closed: { outcome: "rolled-back" },
    });
    expect((await lab.cli(["incident", "show", "inc-none"])).code).toBe(1);
    await endCleanly(daemon);
  });
});

describe("an incident of a report that nobody acts on", () => {
  it("stays open until a person closes it, also without a daemon", async () => {
    await begin({ mode: "auto" });
    const saw = ["report", "user-interface", "--reason", "the map is blank"];
    const { answer } = await lab.json(Reported, saw);
    const daemon = await lab.daemon();
    await lab.json(Done, ["ack", answer.incident]);
    const open = await lab.json(IncidentReport, ["incident", "show", answer.incident]);
    await endCleanly(daemon);

    const end = ["incident", "close", answer.incident, "--reason", "a browser's cache"];
    await lab.json(Done, end);

    const closed = await lab.json(IncidentReport, ["incident", "show", answer.incident]);
    expect(open.answer).toMatchObject({ acknowledged: { by: "tester" }, closed: null });
    expect(closed.answer.closed).toMatchObject({ by: "tester", reason: "a browser's cache" });
  });
});

describe("releases", () => {
  it("are captured, listed, checked, compared and pruned, with a daemon and without", async () => {
    await begin({ mode: "shadow" });
    const good = await goodRelease();
    await lab.app.deployBad();
    const daemon = await lab.daemon();

    const captured = await lab.json(Captured, ["release", "capture"]);
    const bad = captured.answer.release;
    const list = await lab.json(Releases, ["release", "list"]);
    const difference = await lab.json(ReleaseDifference, ["release", "diff", good, bad]);
    const check = await lab.json(ReleaseCheck, ["release", "verify"]);
    const pruned = await lab.json(Pruned, ["release", "prune"]);
    await endCleanly(daemon);
    const details = await lab.json(ReleaseDetails, ["release", "show", bad]);
    const alone = await lab.json(ReleaseCheck, ["release", "verify", good]);
    const unknown = await lab.cli(["release", "verify", "rel-none"]);

    const proofs = list.answer.releases.map(({ id, provenAt }) => [id, provenAt !== null]);
    expect(proofs).toEqual([
      [bad, false],
      [good, true],
    ]);
    expect([difference.answer.from, difference.answer.to]).toEqual([good, bad]);
    expect(JSON.stringify(difference.answer)).toContain("server/extra.js");
    expect(check.answer.releases.map(({ ready }) => ready)).toEqual([true, true]);
    expect([check.code, check.answer.unreadable, pruned.answer.pruned]).toEqual([0, [], []]);
    expect(details.answer.services).toEqual(["api", "worker"]);
    expect(alone.answer.releases.map(({ id }) => id)).toEqual([good]);
    expect([alone.code, unknown.code]).toEqual([0, 1]);
  });
});
