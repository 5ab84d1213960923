import { createServer, type Server } from "node:http";
import { gunzipSync } from "node:zlib";

/** The lock file of an application that depends on one version of left-pad alone. */
export function lockfileWith(version: string): string {
  return JSON.stringify({
    name: "app",
    version: "1.0.0",
    lockfileVersion: 3,
    requires: true,
    packages: {
      "": { name: "app", version: "1.0.0", dependencies: { "left-pad": version } },
      "node_modules/left-pad": { version },
    },
  });
}

/** Its package.json. */
export function manifestWith(version: string): string {
  return JSON.stringify({
    name: "app",
    version: "1.0.0",
    dependencies: { "left-pad": version },
  });
}

/** What a registry is asked, and what it says for each: a status with a body. */
export interface Registry {
  readonly asked: string[];
  readonly server: Server;
}

/** A registry that knows left-pad 1.0.0 and 1.0.1, and one critical advisory against all before 1.0.1. */
export function packageRegistry(): Registry {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      response.setHeader("content-type", "application/json");
      if (request.url === "/-/npm/v1/security/advisories/bulk") {
        const sent = Buffer.concat(parts);
        const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
        response.end(JSON.stringify(body.includes("left-pad") ? ADVISORIES : {}));
      } else if (request.url === "/left-pad") {
        response.end(JSON.stringify(LEFT_PAD));
      } else {
        response.statusCode = 404;
        response.end("{}");
      }
    });
  });
  return { asked, server };
}

const ADVISORIES = {
  "left-pad": [
    {
      id: 1001,
      url: "http://127.0.0.1/advisories/1001",
      title: "Pads right",
      severity: "critical",
      vulnerable_versions: "<1.0.1",
      cwe: [],
      cvss: { score: 9.8, vectorString: null },
    },
  ],
};

const LEFT_PAD = {
  name: "left-pad",
  "dist-tags": { latest: "1.0.1" },
  versions: {
    "1.0.0": { name: "left-pad", version: "1.0.0" },
    "1.0.1": { name: "left-pad", version: "1.0.1" },
  },
};
