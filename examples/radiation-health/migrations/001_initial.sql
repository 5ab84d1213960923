-- Who is measured, with what, and how much they received.

create table radiation_personnel (
  id integer generated always as identity primary key,
  badge text not null unique check (badge ~ '^[A-Z]{2}-[0-9]{4}$'),
  full_name text not null check (length(btrim(full_name)) between 1 and 200),
  department text not null check (length(btrim(department)) between 1 and 100),
  active boolean not null default true,
  created_at timestamptz not null default now()
);

create table devices (
  id integer generated always as identity primary key,
  serial text not null unique check (serial ~ '^[A-Z0-9][A-Z0-9-]{2,31}$'),
  model text not null,
  location text not null,
  calibrated_on date not null
);

create table dose_readings (
  id bigint generated always as identity primary key,
  personnel_id integer not null references radiation_personnel (id),
  device_id integer not null references devices (id),
  dose_msv numeric(9, 4) not null check (dose_msv between 0 and 10000),
  source text not null check (source in ('api', 'csv', 'seed')),
  recorded_at timestamptz not null,
  received_at timestamptz not null default now(),
  -- A reading that is sent twice is one reading.
  unique (personnel_id, device_id, recorded_at)
);

-- The newest readings first, the last hour's sums, and the oldest for retention.
create index dose_readings_recorded_at on dose_readings (recorded_at);
