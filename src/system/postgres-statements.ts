import type { Client, FieldDef, QueryConfig } from "pg";
import type { Clock } from "./clock.ts";
import {
  type Connections,
  describe,
  inSession,
  type NoAnswer,
  passwordOf,
} from "./postgres-connection.ts";

/** What an operator's query answered. */
export type NumberAnswer =
  | { readonly kind: "number"; readonly value: number }
  /** It ran, and its answer is no number: no row, NULL, a text, more than one row or column. */
  | { readonly kind: "no-number"; readonly detail: string }
  | ({ readonly kind: "fails" } & NoAnswer);

/** Whether an operator's query with a mark found something. */
export type FoundAnswer =
  | { readonly kind: "found" | "nothing" }
  | ({ readonly kind: "fails" } & NoAnswer);

/** Whether everything was done. */
export type DoneAnswer =
  | { readonly kind: "done"; readonly rows: number }
  | ({ readonly kind: "fails" } & NoAnswer);

/** A query, whom it is asked, and how long it may take. */
export interface Question {
  /** Such as `postgres://user:password@host:5432/name`. */
  readonly url: string;
  readonly sql: string;
  /** Longest time of the statement, ms; connecting has its own 1.5 s. */
  readonly timeoutMs: number;
}

/** SQL that an operator wrote, each on a session of its own named `rollwatch`; an abort cancels it at the server. */
export interface Statements {
  /** The one number of the one row. In a read-only transaction, and nothing but the first rows is fetched. */
  askNumber(question: Question, signal: AbortSignal): Promise<NumberAnswer>;
  /** Whether there is a row with `$1` the mark, also in a read-only transaction. */
  find(question: Question, mark: string, signal: AbortSignal): Promise<FoundAnswer>;
  /** Runs statements with `$1` the mark, all or none. */
  run(order: Order, mark: string, signal: AbortSignal): Promise<DoneAnswer>;
}

/** Statements that change something. */
export interface Order extends Omit<Question, "sql"> {
  readonly sql: readonly string[];
}

const LOCK_MS = 1000;
const MAX_BYTES = 1024 * 1024;
/** int8, int2, int4, oid, float4, float8, numeric. */
const NUMBERS: ReadonlySet<number> = new Set([20, 21, 23, 26, 700, 701, 1700]);

/** Opens the way to databases; one connection per question, none between them. */
export function openStatements(clock: Clock): Statements {
  const sockets: Connections["sockets"] = new Set();

  async function inTransaction<T>(
    asked: Omit<Question, "sql"> & { readonly access: "only" | "write" },
    use: (client: Client) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T | ({ readonly kind: "fails" } & NoAnswer)> {
    const { url, timeoutMs, access } = asked;
    const password = passwordOf(url);
    async function carryOut(client: Client): Promise<T> {
      await client.query(`begin transaction read ${access}`);
      await client.query(`set local lock_timeout = ${LOCK_MS}`);
      const result = await use(client);
      await client.query("commit");
      return result;
    }
    try {
      const limits = { timeoutMs, maxBytes: MAX_BYTES };
      return await inSession({ url, password, clock, sockets }, limits, carryOut, signal);
    } catch (error) {
      signal.throwIfAborted();
      return { kind: "fails", ...describe(error, password) };
    }
  }

  return {
    askNumber: async ({ sql, ...asked }, signal) =>
      inTransaction(
        { ...asked, access: "only" },
        async (client) => readNumber(client, sql),
        signal,
      ),
    find: async ({ sql, ...asked }, mark, signal) =>
      inTransaction(
        { ...asked, access: "only" },
        async (client) => find(client, sql, mark),
        signal,
      ),
    run: async ({ sql, ...asked }, mark, signal) =>
      inTransaction(
        { ...asked, access: "write" },
        async (client) => runAll(client, sql, mark),
        signal,
      ),
  };
}

async function find(client: Client, sql: string, mark: string): Promise<FoundAnswer> {
  const { rows } = await fetchSome(client, sql, [mark]);
  return { kind: rows.length === 0 ? "nothing" : "found" };
}

/** A cursor takes one query and nothing that writes; with parameters, or as if, the server takes no second statement. */
async function fetchSome(
  client: Client,
  sql: string,
  values: readonly string[],
): Promise<{ readonly rows: unknown[][]; readonly fields: FieldDef[] }> {
  await client.query(alone(`declare rollwatch_answer no scroll cursor for ${sql}`, values));
  const { rows, fields } = await client.query<unknown[]>({
    text: "fetch 2 from rollwatch_answer",
    rowMode: "array",
  });
  return { rows, fields };
}

/** One statement: the server refuses a second one in the extended protocol, which `pg` otherwise keeps for queries with values. */
function alone(
  text: string,
  values: readonly string[],
): QueryConfig & { readonly queryMode: "extended" } {
  return { text, values: [...values], queryMode: "extended" };
}

async function readNumber(client: Client, sql: string): Promise<NumberAnswer> {
  const { rows, fields } = await fetchSome(client, sql, []);
  const [row, second] = rows;
  const [field] = fields;
  if (field === undefined || fields.length > 1) {
    return noNumber(`it answers ${fields.length} columns`);
  }
  if (row === undefined || second !== undefined) {
    return noNumber(row === undefined ? "it answers no row" : "it answers more than one row");
  }
  const [value] = row;
  if (value === null) {
    return noNumber("it answers NULL");
  }
  if (!NUMBERS.has(field.dataTypeID)) {
    return noNumber("it answers something else than a number: cast it, to numeric for instance");
  }
  const number = Number(value);
  return Number.isFinite(number)
    ? { kind: "number", value: number }
    : noNumber("its number is not finite");
}

function noNumber(detail: string): NumberAnswer {
  return { kind: "no-number", detail };
}

async function runAll(client: Client, sql: readonly string[], mark: string): Promise<DoneAnswer> {
  let rows = 0;
  for (const text of sql) {
    const result = await client.query(alone(text, [mark]));
    rows += result.rowCount ?? 0;
  }
  return { kind: "done", rows };
}
