const { Pool } = require("pg");

/** Where the connection pooler of every database host listens. */
const POOLER_PORT = "6432";
/** Waiting longer than this for a connection means the database, or the pool, is in trouble. */
const CONNECT_TIMEOUT_MS = 2000;
/** The server cancels a statement after this long, so that one bad query cannot hold the pool. */
const STATEMENT_TIMEOUT_MS = 5000;
/** The client gives up a little later, for a server that no longer answers at all. */
const QUERY_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 1000;
/** Statements slower than this are logged. */
const SLOW_STATEMENT_MS = 250;

/**
 * Connection settings shared by the pool and by the one connection that listens for alerts.
 *
 * @param {{ url: string }} database
 * @param {string} applicationName shown in pg_stat_activity
 */
function connectionOptions(database, applicationName) {
  return {
    connectionString: throughPooler(database.url),
    application_name: applicationName,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    keepAlive: true,
  };
}

/** The same database, asked through the pooler beside it. */
function throughPooler(databaseUrl) {
  const url = new URL(databaseUrl);
  url.port = POOLER_PORT;
  return url.href;
}

/**
 * @param {{ url: string, poolMax: number }} database
 * @param {{ applicationName: string, log: { warn: Function } }} options
 * @returns {Pool} its `query` logs slow statements
 */
function createPool(database, { applicationName, log }) {
  const pool = new Pool({
    ...connectionOptions(database, applicationName),
    max: database.poolMax,
    idleTimeoutMillis: 30_000,
  });
  // Without this listener a database restart, which breaks idle connections, would end the process.
  pool.on("error", (error) => {
    log.warn("idle database connection lost", { error: error.message, code: error.code });
  });
  logSlowStatements(pool, log);
  return pool;
}

function logSlowStatements(pool, log) {
  const query = pool.query.bind(pool);
  pool.query = async (...args) => {
    const startedAt = performance.now();
    try {
      return await query(...args);
    } finally {
      const durationMs = Math.round(performance.now() - startedAt);
      if (durationMs > SLOW_STATEMENT_MS) {
        log.warn("slow statement", {
          durationMs,
          statement: String(args[0].text ?? args[0]).trim(),
        });
      }
    }
  };
}

/**
 * Runs `work` in one transaction: committed when it resolves, rolled back when it throws.
 *
 * @template T
 * @param {Pool} pool
 * @param {(client: import("pg").PoolClient) => Promise<T>} work
 * @returns {Promise<T>}
 */
async function withTransaction(pool, work) {
  const client = await pool.connect();
  // The pool listens only while a connection is idle; here the failing query reports the loss.
  const ignoreLoss = () => {};
  client.on("error", ignoreLoss);
  let broken;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((rollbackError) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.off("error", ignoreLoss);
    // A connection that could not even roll back must not be handed to the next caller.
    client.release(broken);
  }
}

module.exports = { connectionOptions, createPool, withTransaction };
