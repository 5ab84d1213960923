-- For GET /api/radiation/summary: one person's doses over a period, without reading the table.
-- Purely additive: v1.4.0 does not notice it, so there is nothing to take back on a rollback.

create index if not exists dose_readings_person_period
  on dose_readings (personnel_id, recorded_at) include (dose_msv);
