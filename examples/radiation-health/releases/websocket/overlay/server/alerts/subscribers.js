const { WebSocket, WebSocketServer } = require("ws");

const HEARTBEAT_MS = 10_000;
/** Subscribers only listen; anything longer than a greeting is a mistake or an attack. */
const MAX_PAYLOAD_BYTES = 4096;
/** Where the reverse proxy of the hospital passes subscribers on to. */
const PATH = "/ws/alerts";
/** A subscriber this far behind is cut off: it may reconnect, the others must not wait for it. */
const MAX_BACKLOG_BYTES = 1024 * 1024;

/**
 * The WebSocket subscribers of an HTTP server.
 *
 * @param {import("node:http").Server} server
 * @param {{ log: { warn: Function } }} options
 */
function createSubscribers(server, { log }) {
  const sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_PAYLOAD_BYTES });
  const answered = new WeakSet();

  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    if (new URL(request.url, "http://localhost").pathname !== PATH) {
      socket.end("HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n");
      return;
    }
    sockets.handleUpgrade(request, socket, head, accept);
  });

  function accept(subscriber) {
    answered.add(subscriber);
    subscriber.on("pong", () => answered.add(subscriber));
    subscriber.on("error", (error) => log.warn("subscriber failed", { error: error.message }));
  }

  function heartbeat() {
    for (const subscriber of sockets.clients) {
      if (!answered.delete(subscriber)) {
        subscriber.terminate();
        continue;
      }
      subscriber.ping();
    }
  }
  const timer = setInterval(heartbeat, HEARTBEAT_MS);

  return {
    count: () => sockets.clients.size,

    /** @param {object} alert sent to every subscriber as one JSON message */
    push(alert) {
      const message = JSON.stringify(alert);
      for (const subscriber of sockets.clients) {
        if (subscriber.bufferedAmount > MAX_BACKLOG_BYTES) {
          subscriber.terminate();
        } else if (subscriber.readyState === WebSocket.OPEN) {
          subscriber.send(message);
        }
      }
    },

    /** Says goodbye (1001, "going away") so that subscribers reconnect at once. */
    close() {
      clearInterval(timer);
      for (const subscriber of sockets.clients) {
        subscriber.close(1001, "service stopping");
      }
      sockets.close();
    },

    /** Cuts off those that did not answer the goodbye. */
    terminate() {
      for (const subscriber of sockets.clients) {
        subscriber.terminate();
      }
    },
  };
}

module.exports = { createSubscribers };
