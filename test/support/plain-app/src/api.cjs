// The API: what a customer asks. It counts parcels in a file that the worker writes.
const fs = require("node:fs");
const http = require("node:http");

const parcels = process.env.PARCELS;

http
  .createServer((request, response) => {
    const path = new URL(request.url, "http://localhost").pathname;
    if (path === "/healthz") {
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ ok: true }));
    } else if (path === "/") {
      response.writeHead(200, { "content-type": "text/plain" });
      response.end(`${fs.existsSync(parcels) ? fs.statSync(parcels).size : 0} parcels\n`);
    } else {
      response.writeHead(404);
      response.end();
    }
  })
  .listen(Number(process.env.PORT), "127.0.0.1");
