#!/usr/bin/env node
const { parseArgs } = require("node:util");
const { WebSocket } = require("ws");
const { loadEnvironment } = require("../server/config/env");

const HELP = `Checks that the alert WebSocket answers.

  node scripts/test-websocket-connection.js [options]

  --url <ws url>      default ws://WS_HOST:WS_PORT/alerts from .env
  --timeout <ms>      for the whole check, default 5000
  --expect-alert      also post a reading over the limit and wait for its alert.
                      This leaves a reading and an alert in the database.
  --api <http url>    where to post it, default http://API_HOST:API_PORT from .env
  --badge <badge>     whose reading, default the first active person
  --help

Exit code: 0 it works, 1 it does not, 2 wrong usage.`;

const OPTIONS = {
  url: { type: "string" },
  timeout: { type: "string", default: "5000" },
  "expect-alert": { type: "boolean", default: false },
  api: { type: "string" },
  badge: { type: "string" },
  help: { type: "boolean", default: false },
};

/** Resolves when the server has answered a ping. */
async function waitForPong(socket) {
  await new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.once("close", (code) => reject(new Error(`closed with code ${code}`)));
    socket.once("pong", resolve);
    socket.once("open", () => socket.ping());
  });
}

/** Posts a reading over the limit and resolves with its alert as it arrives on the socket. */
async function waitForAlert(socket, { api, badge }) {
  // The alert may arrive before the answer to our POST, so everything is kept.
  const received = new Map();
  let wake = () => {};
  socket.on("message", (data) => {
    const alert = JSON.parse(data);
    received.set(alert.readingId, alert);
    wake();
  });
  const { reading } = await postReading(api, await makeReading(api, badge));
  while (!received.has(reading.id)) {
    await new Promise((resolve) => {
      wake = resolve;
    });
  }
  return received.get(reading.id);
}

async function makeReading(api, badge) {
  const people = await getJson(`${api}/api/radiation/personnel`);
  const devices = await getJson(`${api}/api/radiation/devices?limit=1`);
  const person = badge ?? people.find((each) => each.active)?.badge;
  if (!person || devices.length === 0) {
    throw new Error("no person or no device in the database: run npm run seed");
  }
  const doseMsv = Number(process.env.DOSE_LIMIT_MSV) + 1;
  return { badge: person, deviceSerial: devices[0].serial, doseMsv };
}

async function postReading(api, reading) {
  return getJson(`${api}/api/radiation/readings`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(reading),
  });
}

async function getJson(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) {
    throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  }
  return response.json();
}

async function check(values) {
  loadEnvironment();
  const { WS_HOST, WS_PORT, API_HOST, API_PORT } = process.env;
  const url = values.url ?? `ws://${WS_HOST}:${WS_PORT}/alerts`;
  const api = values.api ?? `http://${API_HOST}:${API_PORT}`;
  const socket = new WebSocket(url, { handshakeTimeout: Number(values.timeout) });
  await waitForPong(socket);
  console.log(`ok: ${url} answered a ping`);
  if (values["expect-alert"]) {
    const alert = await waitForAlert(socket, { api, badge: values.badge });
    console.log(`ok: alert ${alert.id} for ${alert.badge}, ${alert.doseMsv} mSv`);
  }
}

function finish(exitCode, message) {
  (exitCode === 0 ? console.log : console.error)(message);
  process.exit(exitCode);
}

function main() {
  let values;
  try {
    ({ values } = parseArgs({ options: OPTIONS }));
    if (!(Number(values.timeout) > 0)) {
      throw new Error("--timeout must be a positive number of milliseconds");
    }
  } catch (error) {
    finish(2, `${error.message}\n\n${HELP}`);
  }
  if (values.help) {
    finish(0, HELP);
  }
  setTimeout(
    () => finish(1, `failed: not done within ${values.timeout} ms`),
    Number(values.timeout),
  );
  check(values).then(
    () => process.exit(0),
    (error) => finish(1, `failed: ${error.message || error.code}`),
  );
}

main();
