const { Client } = require("pg");
const { connectionOptions } = require("../db");
const { SELECT_ALERTS } = require("./list");
const { ALERT_CHANNEL } = require("./publish");

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;
/** A half-open connection delivers nothing and reports nothing; only asking shows it. */
const CHECK_INTERVAL_MS = 5000;
const MISSED = `${SELECT_ALERTS} where a.id > $1 order by a.id limit 1000`;

/**
 * Hears alerts from PostgreSQL: connecting -> listening -> (lost) -> connecting, with growing pauses.
 * What was raised while not listening is read from the table, so a subscriber may see an alert twice
 * (same id) but does not miss one because of a database restart.
 */
class AlertListener {
  #database;
  #onAlert;
  #log;
  #client = null;
  #lastId = null;
  #timer;
  #retryMs = FIRST_RETRY_MS;
  #stopped = false;
  #abandoned = new WeakSet();

  /** @param {{ database: { url: string }, onAlert: (alert: object) => void, log: object }} options */
  constructor({ database, onAlert, log }) {
    this.#database = database;
    this.#onAlert = onAlert;
    this.#log = log;
  }

  /** Whether alerts can arrive at the moment. */
  get isListening() {
    return this.#client !== null;
  }

  /** Connects, and keeps trying in the background if it cannot. */
  async start() {
    const client = new Client(connectionOptions(this.#database, "websocket-service"));
    client.on("error", (error) => this.#retry(client, error));
    client.on("end", () => this.#retry(client, new Error("connection ended")));
    client.on("notification", ({ payload }) => this.#deliver(JSON.parse(payload)));
    try {
      await client.connect();
      await client.query(`listen ${ALERT_CHANNEL}`);
      await this.#catchUp(client);
    } catch (error) {
      this.#retry(client, error);
      return;
    }
    if (this.#stopped) {
      this.#discard(client);
      return;
    }
    this.#client = client;
    this.#retryMs = FIRST_RETRY_MS;
    this.#log.info("listening for alerts", { channel: ALERT_CHANNEL });
    this.#timer = setTimeout(() => this.#check(client), CHECK_INTERVAL_MS);
  }

  /** Ends the connection for good. */
  async stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  async #catchUp(client) {
    if (this.#lastId === null) {
      const { rows } = await client.query("select coalesce(max(id), 0) as id from alerts");
      this.#lastId = BigInt(rows[0].id);
      return;
    }
    const { rows } = await client.query(MISSED, [this.#lastId.toString()]);
    for (const alert of rows) {
      this.#deliver(alert);
    }
  }

  #deliver(alert) {
    const id = BigInt(alert.id);
    if (this.#lastId === null || id > this.#lastId) {
      this.#lastId = id;
    }
    this.#onAlert(alert);
  }

  async #check(client) {
    try {
      await client.query("select 1");
      if (!this.#stopped && this.#client === client) {
        this.#timer = setTimeout(() => this.#check(client), CHECK_INTERVAL_MS);
      }
    } catch (error) {
      this.#retry(client, error);
    }
  }

  #retry(client, error) {
    // One loss is reported several times (error, end, the failing query): only the first one counts.
    if (this.#abandoned.has(client) || this.#stopped) {
      return;
    }
    this.#abandoned.add(client);
    this.#client = null;
    this.#discard(client);
    clearTimeout(this.#timer);
    this.#log.warn("not listening for alerts", { error: error.message, retryMs: this.#retryMs });
    this.#timer = setTimeout(() => void this.start(), this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  #discard(client) {
    client.end().catch(() => {});
  }
}

module.exports = { AlertListener };
