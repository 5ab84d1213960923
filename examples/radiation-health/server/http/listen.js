/** Requests that are still running after this long are cut off. */
const FINISH_REQUESTS_MS = 500;

/**
 * @param {import("node:http").Server} server
 * @param {{ host: string, port: number }} address
 * @returns {Promise<void>} rejects when the address cannot be used
 */
function listen(server, { host, port }) {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

/**
 * Stops accepting, lets running requests finish, then cuts off the rest.
 *
 * @param {import("node:http").Server} server
 * @returns {Promise<void>}
 */
function closeServer(server) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), FINISH_REQUESTS_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

module.exports = { closeServer, listen };
