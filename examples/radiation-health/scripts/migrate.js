#!/usr/bin/env node
const fs = require("node:fs");
const path = require("node:path");
const { Client } = require("pg");
const { ROOT, loadEnvironment, text } = require("../server/config/env");

const FOLDER = path.join(ROOT, "migrations");
/** Any number, as long as every deployment uses the same: two of them must not migrate at once. */
const LOCK_KEY = 7_241_986;
/** Rather fail than queue behind a long query and block every reader that comes after. */
const LOCK_TIMEOUT = "5s";

const CREATE_TABLE = `
  create table if not exists schema_migrations (
    name text primary key,
    applied_at timestamptz not null default now()
  )`;

/** Applies one migration unless it is there already; all in one transaction. */
async function applyOnce(client, name) {
  await client.query("begin");
  try {
    await client.query("select set_config('lock_timeout', $1, true)", [LOCK_TIMEOUT]);
    await client.query("select pg_advisory_xact_lock($1)", [LOCK_KEY]);
    await client.query(CREATE_TABLE);
    const record = "insert into schema_migrations (name) values ($1) on conflict do nothing";
    const isNew = (await client.query(record, [name])).rowCount === 1;
    if (isNew) {
      await client.query(fs.readFileSync(path.join(FOLDER, name), "utf8"));
    }
    await client.query("commit");
    return isNew;
  } catch (error) {
    await client.query("rollback");
    throw new Error(`${name}: ${error.message}`, { cause: error });
  }
}

async function main() {
  loadEnvironment();
  const client = new Client({
    connectionString: text(process.env, "DATABASE_URL"),
    application_name: "migrate",
    connectionTimeoutMillis: 5000,
  });
  await client.connect();
  try {
    const names = fs.readdirSync(FOLDER).filter((name) => name.endsWith(".sql"));
    let applied = 0;
    for (const name of names.toSorted()) {
      if (await applyOnce(client, name)) {
        console.log(`applied ${name}`);
        applied += 1;
      }
    }
    console.log(applied === 0 ? "nothing to apply" : `${applied} applied`);
  } finally {
    await client.end();
  }
}

main().catch((error) => {
  console.error(`migration failed: ${error.message}`);
  process.exitCode = 1;
});
