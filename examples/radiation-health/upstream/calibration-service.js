#!/usr/bin/env node
/*
 * Stands for the institute that calibrates the devices: another organisation's service, on which GET /api/radiation/calibrations
 * depends. Run by hand: `node upstream/calibration-service.js 3002`. Not one of the application's services, and in none of its releases.
 */
const http = require("node:http");

const VALID_UNTIL = {
  "DMC-3000-0001": "2027-03-02",
  "DMC-3000-0002": "2027-03-02",
  "DMC-3000-0003": "2027-03-09",
  "EPD-MK2-0101": "2027-04-13",
  "EPD-MK2-0102": "2027-04-13",
  "RAD-60S-0007": "2027-05-04",
};

const port = Number(process.argv[2]);
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  console.error("usage: calibration-service.js PORT");
  process.exit(2);
}

const answers = {
  "/health": { status: "ok" },
  "/calibrations": Object.entries(VALID_UNTIL).map(([serial, validUntil]) => ({
    serial,
    validUntil,
  })),
};

http
  .createServer((request, response) => {
    const body = answers[request.url];
    response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? { error: "no such resource" }));
  })
  .listen({ host: "127.0.0.1", port });
