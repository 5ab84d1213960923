import http from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import { z } from "zod";
import type { Lab } from "./lab.ts";

/** What `npm audit` asks: package names with the versions that are installed. */
const Question = z.record(z.string(), z.array(z.string()));

/** What is known here of bad versions; the advisory is real. */
const ADVISORIES = [
  {
    name: "minimist",
    versions: ["1.2.5"],
    advisory: {
      id: 1097678,
      url: "https://github.com/advisories/GHSA-xvch-5gv4-984h",
      title: "Prototype Pollution in minimist",
      severity: "critical",
      vulnerable_versions: ">=1.0.0 <1.2.6",
      cwe: ["CWE-1321"],
      cvss: { score: 9.8, vectorString: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" },
    },
  },
];
const PATH = "/-/npm/v1/security/advisories/bulk";

/** Stands for the registry, or a mirror of it, that is asked for advisories, so that a demo needs no network. Returns its address. */
export async function startRegistry(lab: Pick<Lab, "port" | "onEnd">): Promise<string> {
  const server = http.createServer((request, response) => {
    void accept(request, response);
  });
  const port = await lab.port();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host: "127.0.0.1", port }, resolve);
  });
  lab.onEnd("registry", async () => {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  });
  return `http://127.0.0.1:${port}`;
}

async function accept(request: http.IncomingMessage, response: http.ServerResponse): Promise<void> {
  const { status, body } = await answerTo(request);
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(body));
}

async function answerTo(
  request: http.IncomingMessage,
): Promise<{ readonly status: number; readonly body: unknown }> {
  try {
    const sent = await buffer(request);
    if (request.method !== "POST" || request.url !== PATH) {
      return { status: 404, body: { error: "not found" } };
    }
    const isPacked = request.headers["content-encoding"] === "gzip";
    const text = (isPacked ? gunzipSync(sent) : sent).toString("utf8");
    return { status: 200, body: advisoriesFor(Question.parse(JSON.parse(text))) };
  } catch (error) {
    return { status: 400, body: { error: String(error) } };
  }
}

function advisoriesFor(question: z.infer<typeof Question>): Readonly<Record<string, unknown>> {
  const known = ADVISORIES.filter(({ name, versions }) =>
    versions.some((version) => question[name]?.includes(version)),
  );
  return Object.fromEntries(known.map(({ name, advisory }) => [name, [advisory]]));
}
