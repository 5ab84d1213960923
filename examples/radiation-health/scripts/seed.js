#!/usr/bin/env node
const { Pool } = require("pg");
const { loadEnvironment, text } = require("../server/config/env");
const { withTransaction } = require("../server/db");

const PERSONNEL = [
  ["RW-1001", "Ada Holm", "Nuclear Medicine"],
  ["RW-1002", "Bruno Keller", "Nuclear Medicine"],
  ["RW-1003", "Chiara Rossi", "Radiology"],
  ["RW-1004", "Deniz Aydin", "Radiology"],
  ["RW-1005", "Elena Petrova", "Interventional Cardiology"],
  ["RW-1006", "Farid Rahimi", "Interventional Cardiology"],
  ["RW-1007", "Grace Okafor", "Radiotherapy"],
  ["RW-1008", "Henrik Lund", "Radiotherapy"],
  ["RW-1009", "Ines Duarte", "Radiopharmacy"],
  ["RW-1010", "Jun Nakamura", "Radiopharmacy"],
  ["RW-1011", "Katarzyna Nowak", "Medical Physics"],
  ["RW-1012", "Liam Byrne", "Medical Physics"],
];

const DEVICES = [
  ["DMC-3000-0001", "DMC 3000", "Hot lab", "2026-03-02"],
  ["DMC-3000-0002", "DMC 3000", "Cath lab 1", "2026-03-02"],
  ["DMC-3000-0003", "DMC 3000", "Cath lab 2", "2026-03-09"],
  ["EPD-MK2-0101", "EPD Mk2", "CT suite", "2026-04-13"],
  ["EPD-MK2-0102", "EPD Mk2", "Linac bunker", "2026-04-13"],
  ["RAD-60S-0007", "RAD-60S", "Cyclotron", "2026-05-04"],
];

const INSERT_PERSON = `
  insert into radiation_personnel (badge, full_name, department)
  values ($1, $2, $3) on conflict (badge) do nothing`;

const INSERT_DEVICE = `
  insert into devices (serial, model, location, calibrated_on)
  values ($1, $2, $3, $4) on conflict (serial) do nothing`;

// Two weeks, one reading per person and two hours, none in the last hour. The doses look irregular but
// are the same every time, and stay below every limit but for the three of INSERT_ALERTS.
const INSERT_READINGS = `
  insert into dose_readings (personnel_id, device_id, dose_msv, recorded_at, source)
  select p.id, d.id, 0.001 * (1 + (p.id * 37 + n * 53) % 97), date_trunc('hour', now()) - n * interval '2 hours', 'seed'
  from generate_series(1, 168) as n
  cross join radiation_personnel p
  join devices d on d.serial = ($1::text[])[1 + (p.id + n) % cardinality($1::text[])]
  where not exists (select from dose_readings where source = 'seed')`;

// Three people who had too much at once on one day each; somebody saw to the older two.
const INSERT_ALERTS = `
  with over as (
    insert into dose_readings (personnel_id, device_id, dose_msv, recorded_at, source)
    select p.id, d.id, 2.2 + 0.1 * n, date_trunc('hour', now()) - n * interval '3 days' + interval '17 minutes', 'seed'
    from generate_series(1, 3) as n
    join radiation_personnel p on p.badge = 'RW-100' || n
    join devices d on d.serial = $1
    on conflict do nothing
    returning id, personnel_id, dose_msv, recorded_at
  )
  insert into alerts (kind, personnel_id, reading_id, dose_msv, limit_msv, created_at, acknowledged_at)
  select 'single-dose', personnel_id, id, dose_msv, 2, recorded_at,
         case when recorded_at < now() - interval '5 days' then recorded_at + interval '20 minutes' end
  from over`;

async function seed(client) {
  for (const person of PERSONNEL) {
    await client.query(INSERT_PERSON, person);
  }
  for (const device of DEVICES) {
    await client.query(INSERT_DEVICE, device);
  }
  const serials = DEVICES.map(([serial]) => serial);
  const readings = (await client.query(INSERT_READINGS, [serials])).rowCount;
  if (readings > 0) {
    await client.query(INSERT_ALERTS, [serials[0]]);
  }
  return readings;
}

async function main() {
  loadEnvironment();
  const connectionString = text(process.env, "DATABASE_URL");
  const pool = new Pool({ connectionString, max: 1, connectionTimeoutMillis: 5000 });
  try {
    const readings = await withTransaction(pool, seed);
    console.log(readings === 0 ? "already seeded" : `seeded ${readings} readings`);
  } finally {
    await pool.end();
  }
}

main().catch((error) => {
  console.error(`seeding failed: ${error.message}`);
  process.exitCode = 1;
});
