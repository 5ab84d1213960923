const http = require("node:http");
const { AlertListener } = require("./alerts/listener");
const { createSubscribers } = require("./alerts/subscribers");
const { closeServer, listen } = require("./http/listen");
const { runService } = require("./service");

void runService("websocket-service", async ({ settings, log, onStop }) => {
  const server = http.createServer((request, response) => answer(request, response));
  const subscribers = createSubscribers(server, { log });
  const listener = new AlertListener({
    database: settings.database,
    onAlert: (alert) => subscribers.push(alert),
    log,
  });

  function answer(request, response) {
    const isHealth = request.method === "GET" && request.url === "/health";
    const status = isHealth ? (listener.isListening ? 200 : 503) : 404;
    const body = isHealth
      ? {
          status: listener.isListening ? "ok" : "error",
          listening: listener.isListening,
          subscribers: subscribers.count(),
        }
      : { error: "no such resource" };
    response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
    response.end(JSON.stringify(body));
  }

  await listen(server, settings.ws);
  onStop(async () => {
    subscribers.close();
    const cutOff = setTimeout(() => subscribers.terminate(), 300);
    await closeServer(server);
    clearTimeout(cutOff);
  });
  log.info("listening", settings.ws);

  onStop(() => listener.stop());
  await listener.start();
});
