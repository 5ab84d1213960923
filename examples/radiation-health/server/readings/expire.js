// In small batches, oldest first: one large delete would hold locks and bloat the log.
const DELETE_BATCH = `
  delete from dose_readings
  where id in (
    select id from dose_readings
    where recorded_at < now() - make_interval(days => $1)
    order by recorded_at
    limit $2
    for update skip locked
  )`;

/**
 * Deletes readings past their retention. Their alerts stay.
 *
 * @param {import("pg").Pool} pool
 * @param {{ days: number, batchRows: number }} retention
 * @param {() => boolean} shouldStop asked between batches, so that a shutdown need not wait for all
 * @returns {Promise<number>} how many were deleted
 */
async function deleteExpiredReadings(pool, { days, batchRows }, shouldStop) {
  let deleted = 0;
  let batch;
  do {
    batch = (await pool.query(DELETE_BATCH, [days, batchRows])).rowCount;
    deleted += batch;
  } while (batch === batchRows && !shouldStop());
  return deleted;
}

module.exports = { deleteExpiredReadings };
