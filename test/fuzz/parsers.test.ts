import { isDeepStrictEqual } from "node:util";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { parseYaml } from "../../src/config/document.ts";
import { explainIssue } from "../../src/config/explain-issue.ts";
import { configTree } from "../../src/config/schema-tree.ts";
import { ConfigFile } from "../../src/config/schema.ts";
import { emptyHistory, fold } from "../../src/journal/fold.ts";
import {
  ApproveRequest,
  LabelRequest,
  MaintenanceRequest,
  MarkRequest,
  NoteRequest,
  PauseRequest,
  PruneRequest,
  RejectRequest,
  ReportRequest,
  RollbackRequest,
} from "../../src/model/actions.ts";
import { RelativePath, ServiceName } from "../../src/model/application.ts";
import { DatabaseRecord } from "../../src/model/database-record.ts";
import { Fact } from "../../src/model/facts.ts";
import { HostPort, partsOf } from "../../src/model/host-port.ts";
import { AlertmanagerMessage, SignalReportRequest } from "../../src/model/incoming.ts";
import { Recorded, RecordingHeader } from "../../src/model/recording.ts";
import {
  Duration,
  formatDuration,
  formatSize,
  Limit,
  parseDuration,
  Ratio,
  Size,
} from "../../src/model/units.ts";
import { readCombined, readJson } from "../../src/observe/access-line.ts";
import { fieldAt, parseJson } from "../../src/observe/expectations.ts";
import { MalformedMetrics, readExposition } from "../../src/observe/exposition.ts";
import { readPromqlAnswer } from "../../src/observe/promql-answer.ts";
import { openAlertBoard } from "../../src/system/alert-board.ts";
import { createTopicReader } from "../../src/system/amp-topics.ts";
import { isDeploying } from "../../src/system/deploying.ts";
import { isModule, parseRecords, toDefinition, toServices } from "../../src/system/pm2-record.ts";
import { phaseOf } from "../../src/system/postgres-phase.ts";
import { corpusOf, mutated } from "./mutate.ts";
import { demand, survive } from "./survive.ts";

/** Long runs take as long as they take. */
const MOST_MS = 60 * 60_000;

/** Gives a parser its corpus and what can be made of it. */
function fuzz(parser: string, parse: (input: string) => void, cost = 1): number {
  const samples = corpusOf(parser);
  return survive(parser, mutated(samples), parse, { samples, cost });
}

/** Whatever a schema takes, it takes again after a trip through JSON, and it is the same. */
function takes(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (!parsed.success) {
    return undefined;
  }
  const text = JSON.stringify(parsed.data);
  demand(JSON.stringify(schema.parse(JSON.parse(text))) === text, `${text} is read again as it is`);
  return parsed.data;
}

describe("whatever it is given", { timeout: MOST_MS }, () => {
  it("the configuration names places for its faults and throws nothing", () => {
    const tree = configTree();

    const tried = fuzz(
      "configuration",
      (text) => {
        const document = parseYaml(text);
        const parsed = ConfigFile.safeParse(document.value ?? {});
        for (const issue of parsed.success ? [] : parsed.error.issues) {
          for (const { path, atKey, expected } of explainIssue(issue, document.value, tree)) {
            const { line, column } = document.positionOf(path, atKey === true);
            demand(line > 0, "a line");
            demand(column > 0, "a column");
            demand(expected !== "", "what was expected");
          }
        }
      },
      40,
    );

    expect(tried).toBeGreaterThan(0);
  });

  it("a fact of the journal is taken to the letter or refused, and folded", () => {
    const tried = fuzz("journal", (text) => {
      const fact = Fact.safeParse(parseJson(text));
      if (fact.success) {
        takes(Fact, fact.data);
        const once = fold(emptyHistory, { seq: 1, at: 1, fact: fact.data });
        fold(once, { seq: 2, at: 2, fact: fact.data });
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("metrics are numbers or malformed", () => {
    const tried = fuzz("exposition", (text) => {
      try {
        const exposition = readExposition(text);
        for (const name of ["http_requests_total", "temperature", "request_seconds_bucket"]) {
          exposition.declares(name);
          for (const { value } of exposition.series(name)) {
            demand(typeof value === "number", "a number");
          }
        }
      } catch (error) {
        demand(error instanceof MalformedMetrics, `a refusal: ${String(error)}`);
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("an answer of Prometheus is numbers, or a reason for none", () => {
    const tried = fuzz("promql", (text) => {
      const answer = readPromqlAnswer(text);
      if (answer.kind === "none") {
        demand(answer.why !== "", "a reason");
      } else {
        demand(
          answer.points.every(({ value }) => typeof value === "number"),
          "numbers",
        );
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("a line of an access log is a request with a status, another line, or unreadable", () => {
    const tried = fuzz("access-line", (line) => {
      const fields = { status: "res.statusCode", duration: "t", durationUnit: "ms" } as const;
      for (const read of [
        readCombined(line, true),
        readCombined(line, false),
        readJson(line, {}),
        readJson(line, fields),
      ]) {
        if (read.kind === "request") {
          demand(Number.isFinite(read.request.status), "a status");
          demand(typeof (read.request.seconds ?? 0) === "number", "seconds");
        }
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("pm2's list is services with definitions, or refused by its schema", () => {
    const tried = fuzz("pm2-list", (text) => {
      try {
        const records = parseRecords(parseJson(text));
        for (const record of records) {
          isModule(record);
          demand(/^[0-9a-f]{64}$/u.test(toDefinition(record).hash), "a hash");
        }
        for (const { instances } of toServices(records, ["api", "__proto__"])) {
          demand(
            instances.every(({ killTimeoutMs }) => killTimeoutMs >= 0),
            "a time to end in",
          );
        }
      } catch (error) {
        demand(error instanceof z.ZodError, `a refusal: ${String(error)}`);
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("pm2's bus is messages or no bus, in whatever pieces it comes", () => {
    const bus = fc
      .array(fc.tuple(fc.constantFrom("s:process:event", "s:log:out", "j:{}", "j:{"), fc.nat(4)))
      .map((parts) =>
        Buffer.concat(
          parts.flatMap(([text, lie]) => {
            const head = Buffer.from([0x12, 0, 0, 0, text.length + (lie === 4 ? 1 : 0)]);
            const body = Buffer.from([0, 0, 0, 2]);
            return [head, Buffer.from(text), body, Buffer.from("j:")];
          }),
        ).toString("latin1"),
      );
    const anything = fc
      .uint8Array({ maxLength: 400 })
      .map((all) => Buffer.from(all).toString("latin1"));

    const tried = survive("pm2-bus", fc.oneof(bus, anything), (input) => {
      const bytes = Buffer.from(input, "latin1");
      const whole = heard(bytes, bytes.length + 1);

      demand(isDeepStrictEqual(heard(bytes, 3), whole), "the same in pieces");
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("webhooks are taken or refused, and the board stays small", () => {
    const board = openAlertBoard({ monotonic: () => 1 });

    const tried = fuzz("alertmanager", (text) => {
      const value = parseJson(text);
      takes(SignalReportRequest, value);
      const message = AlertmanagerMessage.safeParse(value);
      if (message.success) {
        takes(AlertmanagerMessage, message.data);
        board.hear(message.data);
        demand((board.now()?.firing.length ?? Infinity) <= 1000, "a small board");
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("a line of a recording is taken to the letter or refused", () => {
    const tried = fuzz("recording", (text) => {
      const value = parseJson(text);
      takes(RecordingHeader, value);
      takes(Recorded, value);
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("what people ask for is taken to the letter or refused, with nothing beside it", () => {
    const bodies = [
      ApproveRequest,
      LabelRequest,
      MaintenanceRequest,
      MarkRequest,
      NoteRequest,
      PauseRequest,
      PruneRequest,
      RejectRequest,
      ReportRequest,
      RollbackRequest,
    ];

    const tried = fuzz("request", (text) => {
      const value = parseJson(text) ?? {};
      for (const body of bodies) {
        takes(body, value);
      }
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("the record of a database's snapshot is taken to the letter or refused", () => {
    const tried = fuzz("database-record", (text) => {
      takes(DatabaseRecord, parseJson(text));
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("names, paths, durations, sizes, addresses and codes stay within their rules", () => {
    const tried = fuzz("units", (text) => {
      const isDuration = Duration.safeParse(text).success;
      demand((parseDuration(text) === undefined) === !isDuration, "one rule for durations");
      for (const schema of [Size, Ratio, Limit]) {
        const amount = schema.safeParse(text).data;
        demand(typeof (amount ?? 0) === "number", "an amount");
      }
      if (HostPort.safeParse(text).success) {
        demand(partsOf(text).port > 0, "a port");
      }
      if (RelativePath.safeParse(text).success) {
        demand(!text.split("/").includes(".."), "no way out");
        demand(!/^\/|\0/u.test(text), "no way out");
      }
      if (ServiceName.safeParse(text).success) {
        demand(!/[\0\n\r/]/u.test(text), "a name");
      }
      isDeploying(text);
      fieldAt({ a: 1 }, text);
      const told = { sqlstate: text, message: text, isConnected: true };
      demand(typeof phaseOf(told) === "string", "a phase");
      const failed = { sqlstate: null, message: text, code: text, isConnected: false };
      demand(typeof phaseOf(failed) === "string", "a phase");
    });

    expect(tried).toBeGreaterThan(0);
  });

  it("a duration and a size are read again as they are written", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (amount) => {
        expect(parseDuration(formatDuration(amount))).toBe(amount);
        expect(Size.parse(formatSize(amount))).toBe(amount);
      }),
    );
  });
});

/** What a reader of pm2's bus tells of these bytes in pieces of this size; the last is why it ended. */
function heard(bytes: Buffer, piece: number): readonly unknown[] {
  const bodies: unknown[] = [];
  const reader = createTopicReader("process:event", (body) => bodies.push(body));
  try {
    for (let at = 0; at < bytes.length; at += piece) {
      reader.take(bytes.subarray(at, at + piece));
    }
  } catch (error) {
    bodies.push(String(error));
  }
  return bodies;
}
