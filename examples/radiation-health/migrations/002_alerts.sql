-- What people have to be told about.

create table alerts (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('single-dose', 'hourly-sum')),
  personnel_id integer not null references radiation_personnel (id),
  -- Alerts outlive the readings that retention deletes.
  reading_id bigint references dose_readings (id) on delete set null,
  dose_msv numeric(9, 4) not null check (dose_msv > limit_msv),
  limit_msv numeric(9, 4) not null check (limit_msv > 0),
  window_start timestamptz,
  created_at timestamptz not null default now(),
  acknowledged_at timestamptz,
  check ((kind = 'hourly-sum') = (window_start is not null)),
  -- One anomaly per person and window; null windows (single doses) never collide.
  unique (personnel_id, kind, window_start)
);

create index alerts_created_at on alerts (created_at);
-- Deleting a reading looks for its alerts.
create index alerts_reading_id on alerts (reading_id);
