/**
 * One JSON object per line on stdout (stderr for errors): pm2 keeps the files, people and tools read them.
 *
 * @param {string} service
 */
function createLog(service) {
  function write(stream, level, message, fields) {
    const line = { at: new Date().toISOString(), level, service, message, ...fields };
    stream.write(`${JSON.stringify(line)}\n`);
  }
  return {
    info: (message, fields) => write(process.stdout, "info", message, fields),
    warn: (message, fields) => write(process.stdout, "warn", message, fields),
    error: (message, fields) => write(process.stderr, "error", message, fields),
  };
}

module.exports = { createLog };
