import { assertNever } from "../model/assert-never.ts";
import type {
  EndpointHealth,
  ErrorSignature,
  Health,
  LogHealth,
  MemoryHealth,
  TableHealth,
} from "../model/health.ts";
import { tellDuration } from "../model/units.ts";
import type { Check } from "../model/verification.ts";
import type { EndpointSettings, VerifySettings } from "./settings.ts";

/** The name of the check on new errors in the logs. */
export const LOG_CHECK = "log errors";

/** New errors that a check quotes. */
const QUOTED_ERRORS = 5;
/** Growth below this is no growth: the heap of a process that has just started has not been collected yet. */
const MEMORY_NOISE_BYTES = 64 * 1024 * 1024;
const MIB = 1024 * 1024;

/**
 * What a system's health says beside that of a healthy one. Without a baseline only what is wrong by itself counts: an
 * address that does not answer, a database that fails, connections near their end.
 */
export function compareHealth(
  now: Health,
  baseline: Health | undefined,
  settings: VerifySettings,
): readonly Check[] {
  return [
    ...checkLogs(now, baseline, settings),
    ...settings.endpoints.flatMap((endpoint, index) =>
      checkEndpoint(endpoint, now.endpoints[index], baseline),
    ),
    ...checkDatabase(now, baseline),
    ...now.tables.map((one) => checkTable(one, baseline, settings)),
    ...checkConnections(now, settings),
    ...checkMemory(now, baseline, settings),
    ...checkWebsocket(now),
  ];
}

function unmeasured(name: string, reason: string, weight?: "tell"): Check {
  const detail = `could not be measured: ${reason}`;
  const check = { name, passed: false, detail, unmeasured: true };
  return weight === undefined ? check : { ...check, weight };
}

type KnownLogs = Extract<LogHealth, { kind: "known" }>;

function checkLogs(
  { logs }: Health,
  baseline: Health | undefined,
  { logs: { newErrors } }: VerifySettings,
): readonly Check[] {
  if (logs === undefined || newErrors === "off") {
    return [];
  }
  if (logs.kind === "unknown") {
    return [unmeasured(LOG_CHECK, logs.reason, "tell")];
  }
  const before = baseline?.logs;
  return before?.kind === "known" ? [compareLogs(logs, before, newErrors)] : [];
}

function compareLogs(now: KnownLogs, before: KnownLogs, newErrors: "fail" | "tell"): Check {
  const known = new Set(before.signatures.map((one) => one.text));
  const fresh = now.signatures.filter((one) => !known.has(one.text));
  // Where the baseline had to leave errors out, one that it lacks may be as old as the release.
  const weight = newErrors === "fail" && !before.isCut ? {} : { weight: "tell" as const };
  if (fresh.length > 0) {
    return { name: LOG_CHECK, passed: false, detail: tellErrors(fresh), ...weight };
  }
  const read = now.isCut ? ", in the part that could be read" : "";
  const detail = `no error that the release did not have when it was proven${read}`;
  return { name: LOG_CHECK, passed: true, detail, ...weight };
}

function tellErrors(errors: readonly ErrorSignature[]): string {
  const quoted = errors.slice(0, QUOTED_ERRORS).map(({ text, count }) => `${text} (${count}×)`);
  const more = errors.length - quoted.length;
  return `new since the restart: ${[...quoted, ...(more > 0 ? [`and ${more} more`] : [])].join("; ")}`;
}

function checkEndpoint(
  settings: EndpointSettings,
  now: Health["endpoints"][number] | undefined,
  baseline: Health | undefined,
): readonly Check[] {
  if (now === undefined) {
    return [];
  }
  const { url, answer } = now;
  const name = `endpoint ${url}`;
  switch (answer.kind) {
    case "unknown":
      return [unmeasured(name, answer.reason)];
    case "failed":
      return [{ name, passed: false, detail: answer.detail }];
    case "known": {
      const before = baseline?.endpoints.find((one) => one.url === url)?.answer;
      return [checkStatus(name, answer, settings), ...checkSpeed(url, answer, before, settings)];
    }
    default:
      return assertNever(answer);
  }
}

function checkStatus(name: string, { status }: Timed, { expectStatus }: EndpointSettings): Check {
  const passed = expectStatus.includes(status);
  const wanted = passed ? "" : `, expected ${expectStatus.join(" or ")}`;
  return { name, passed, detail: `HTTP ${status}${wanted}` };
}

type Timed = Extract<EndpointHealth, { kind: "known" }>;

/** How long a failure takes says nothing of how long the right answer does. */
function checkSpeed(
  url: string,
  now: Timed,
  before: EndpointHealth | undefined,
  { slowerThan, expectStatus }: EndpointSettings,
): readonly Check[] {
  if (
    before?.kind !== "known" ||
    ![now, before].every((one) => expectStatus.includes(one.status))
  ) {
    return [];
  }
  const limit = Math.max(before.totalMs * (1 + slowerThan.ratio), before.totalMs + slowerThan.by);
  const detail = `${phases(now)}; when it was proven ${phases(before)}; limit ${tellDuration(limit)}`;
  return [{ name: `response time of ${url}`, passed: now.totalMs <= limit, detail }];
}

function phases({ connectMs, firstByteMs, totalMs }: Timed): string {
  const parts = [
    ...(connectMs === undefined ? [] : [`connected after ${tellDuration(connectMs)}`]),
    ...(firstByteMs === undefined ? [] : [`first byte after ${tellDuration(firstByteMs)}`]),
  ];
  return `${tellDuration(totalMs)} (${parts.join(", ")})`;
}

function checkDatabase({ database }: Health, baseline: Health | undefined): readonly Check[] {
  if (database === undefined) {
    return [];
  }
  if (database.kind === "unknown") {
    return [unmeasured("database", database.reason)];
  }
  if (database.kind === "failed") {
    return [{ name: "database", passed: false, detail: database.detail }];
  }
  const before = baseline?.database?.kind === "known" ? baseline.database.version : undefined;
  const answers = { name: "database", passed: true, detail: `answers, ${database.version}` };
  return before === undefined || before === database.version
    ? [answers]
    : [
        answers,
        {
          name: "database version",
          passed: false,
          detail: `${database.version}, when it was proven ${before}`,
          weight: "tell",
        },
      ];
}

function checkTable(
  { table, count }: Health["tables"][number],
  baseline: Health | undefined,
  { retention, rowsMayFall }: VerifySettings,
): Check {
  const name = `rows of ${table}`;
  if (count.kind === "unknown") {
    return unmeasured(name, count.reason);
  }
  const before = baseline?.tables.find((one) => one.table === table)?.count;
  if (before?.kind !== "known") {
    return { name, passed: true, detail: tellRows(count) };
  }
  const detail = `${tellRows(count)}, when it was proven ${tellRows(before)}`;
  if (retention.includes(table)) {
    return { name, passed: true, detail: `${detail}; the application deletes from it` };
  }
  const passed = before.rows - count.rows <= rowsMayFall;
  const isSure = count.isExact && before.isExact;
  return { name, passed, detail, ...(isSure ? {} : { weight: "tell" as const }) };
}

function tellRows({ rows, isExact }: Extract<TableHealth, { kind: "known" }>): string {
  return isExact ? `${rows}` : `about ${rows} (estimated)`;
}

function checkConnections(
  { connections }: Health,
  { connections: limit }: VerifySettings,
): readonly Check[] {
  const name = "database connections";
  if (connections === undefined) {
    return [];
  }
  if (connections.kind === "unknown") {
    return [unmeasured(name, connections.reason, "tell")];
  }
  const { used, max } = connections;
  const detail = `${used} of ${max} in use, limit ${Math.round(limit * 100)}%`;
  return [{ name, passed: used <= max * limit, detail }];
}

function checkMemory(
  { memory }: Health,
  baseline: Health | undefined,
  { memoryMayGrow }: VerifySettings,
): readonly Check[] {
  if (memory?.kind === "unknown") {
    return [unmeasured("memory", memory.reason, "tell")];
  }
  const before = new Map(servicesOf(baseline?.memory).map((one) => [one.name, one.rssBytes]));
  return servicesOf(memory).flatMap(({ name, rssBytes }) => {
    const was = before.get(name);
    if (was === undefined) {
      return [];
    }
    const limit = Math.max(was * (1 + memoryMayGrow), was + MEMORY_NOISE_BYTES);
    const detail = `${mebibytes(rssBytes)}, when it was proven ${mebibytes(was)}; limit ${mebibytes(limit)}`;
    return [{ name: `memory of ${name}`, passed: rssBytes <= limit, detail, weight: "tell" }];
  });
}

function servicesOf(
  memory: MemoryHealth | undefined,
): Extract<MemoryHealth, { kind: "known" }>["services"] {
  return memory?.kind === "known" ? memory.services : [];
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / MIB)} MiB`;
}

function checkWebsocket({ websocket }: Health): readonly Check[] {
  const name = "websocket";
  if (websocket === undefined) {
    return [];
  }
  switch (websocket.kind) {
    case "unknown":
      return [unmeasured(name, websocket.reason)];
    case "failed":
      return [{ name, passed: false, detail: websocket.detail }];
    case "known":
      return [
        { name, passed: true, detail: `answers after ${tellDuration(websocket.roundTripMs)}` },
      ];
    default:
      return assertNever(websocket);
  }
}
