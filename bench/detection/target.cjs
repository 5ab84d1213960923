// What all watch: an API, its metrics and a WebSocket on one port, which misbehaves as it is told on a socket of its own.
const { existsSync } = require("node:fs");
const http = require("node:http");
const { WebSocketServer } = require(process.env.WS_MODULE);

/** Imagined customers: this many requests are counted at each beat, with the same outcome as a real one would have. */
const CUSTOMERS = { beatMs: 100, requests: 5 };
const SLOW_MS = 800;
const FAILING_SHARE = 0.3;

if (existsSync(process.env.BROKEN_FILE)) {
  process.exit(1);
}

let behaviour = { name: "healthy" };
let since = Date.now();
const counted = { 200: 0, 500: 0 };
const sockets = new Set();

/** What it does now: during a spike the fault, between two spikes nothing. */
function now() {
  const { name, badMs, everyMs } = behaviour;
  const isBad = everyMs === undefined || (Date.now() - since) % everyMs < badMs;
  return isBad ? name : "healthy";
}

function statusOf(name) {
  const fails = name === "errors-all" || (name === "errors-some" && Math.random() < FAILING_SHARE);
  return fails ? 500 : 200;
}

function metrics() {
  const lines = Object.entries(counted).map(
    ([status, count]) => `http_requests_total{status="${status}"} ${count}`,
  );
  return `# HELP http_requests_total Requests.\n# TYPE http_requests_total counter\n${lines.join("\n")}\n`;
}

const api = http.createServer((request, response) => {
  const name = now();
  if (name === "hang") {
    return;
  }
  if (request.url === "/metrics") {
    response.writeHead(200, { "content-type": "text/plain; version=0.0.4" }).end(metrics());
    return;
  }
  const isIll = name === "health-errors" && request.url === "/health";
  const status = isIll ? 500 : statusOf(name);
  setTimeout(() => response.writeHead(status).end("{}"), name === "slow" ? SLOW_MS : 0);
});

const live = new WebSocketServer({ noServer: true, autoPong: false });
live.on("connection", (socket) => {
  socket.on("error", () => undefined);
  socket.on("ping", (data) => now() === "websocket-mute" || socket.pong(data));
});
api.on("upgrade", (request, socket, head) => {
  const name = now();
  if (name === "hang") {
    return;
  }
  if (name === "websocket-refused") {
    socket.end("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n\r\n");
    return;
  }
  live.handleUpgrade(request, socket, head, (one) => live.emit("connection", one, request));
});
api.on("connection", (socket) => {
  sockets.add(socket);
  socket.on("close", () => sockets.delete(socket));
});

function listen() {
  api.listen({ host: "127.0.0.1", port: Number(process.env.PORT) });
}

function turn(next) {
  if (behaviour.name === "refuse" && next.name !== "refuse") {
    listen();
  }
  if (next.name === "refuse" && behaviour.name !== "refuse") {
    api.close();
  }
  if (next.name === "refuse" || behaviour.name === "hang") {
    for (const socket of sockets) {
      socket.destroy();
    }
  }
  behaviour = next;
  since = Date.now();
}

setInterval(() => {
  for (let request = 0; request < CUSTOMERS.requests; request += 1) {
    counted[statusOf(now())] += 1;
  }
}, CUSTOMERS.beatMs);

http
  .createServer((request, response) => {
    const { searchParams } = new URL(request.url, "http://localhost");
    const { name, badMs, everyMs } = Object.fromEntries(searchParams);
    turn({ name, ...(everyMs && { badMs: Number(badMs), everyMs: Number(everyMs) }) });
    response.end();
  })
  .listen({ host: "127.0.0.1", port: Number(process.env.CONTROL_PORT) });
listen();
