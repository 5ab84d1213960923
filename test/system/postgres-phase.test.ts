import { describe, expect, it } from "vitest";
import { type DatabasePhase, phaseOf } from "../../src/system/postgres-phase.ts";

const NODE = { sqlstate: null, message: "", isConnected: false };

describe("the phase in which a question to the database failed", () => {
  it.each<[string, DatabasePhase]>([
    ["28P01", "authentication"], // a wrong password
    ["28000", "authentication"], // pg_hba.conf lets nobody in from here
    ["42501", "forbidden"], // no right to connect
    ["53300", "too-many-connections"],
    ["57P03", "starting-or-stopping"], // starting up, in recovery, shutting down
    ["57P01", "starting-or-stopping"], // ended by an administrator
    ["25006", "read-only"],
    ["53100", "out-of-disk"],
    ["3D000", "no-database"],
    ["57014", "answer-timeout"], // the server's own statement_timeout
    ["XX000", "other"],
  ])("is told by SQLSTATE %s: %s", (sqlstate, phase) => {
    expect(phaseOf({ ...NODE, sqlstate, isConnected: true })).toBe(phase);
  });

  it.each<[string, Partial<Parameters<typeof phaseOf>[0]>, DatabasePhase]>([
    ["nobody listens", { code: "ECONNREFUSED" }, "refused"],
    ["there is no such socket", { code: "ENOENT" }, "refused"],
    ["nothing came back", { message: "timeout expired" }, "connect-timeout"],
    ["the kernel gave up", { code: "ETIMEDOUT" }, "connect-timeout"],
    [
      "nothing came after the connection",
      { message: "timeout expired", isConnected: true },
      "answer-timeout",
    ],
    [
      "the query took too long",
      { message: "Query read timeout", isConnected: true },
      "answer-timeout",
    ],
    ["the host is not reached", { code: "EHOSTUNREACH" }, "no-route"],
    ["there is no route", { code: "ENETUNREACH", local: "no-route" }, "no-route"],
    ["it has no address", { code: "ENOTFOUND", local: "name-resolution" }, "name-resolution"],
    ["no descriptor is left", { code: "EMFILE", local: "out-of-descriptors" }, "out-of-resources"],
    ["it was reset", { code: "ECONNRESET", isConnected: true }, "lost"],
    ["it was closed", { message: "Connection terminated unexpectedly", isConnected: true }, "lost"],
    ["nobody knows", { message: "what is this" }, "other"],
  ])("is told when %s", (_when, parts, phase) => {
    expect(phaseOf({ ...NODE, ...parts })).toBe(phase);
  });
});
