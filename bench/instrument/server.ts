import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { constructedEnvironment, type Environment, ROOT } from "../../lab/environment.ts";

/** A plain HTTP server in a process of its own, with the preload or without. */
export interface Server {
  readonly url: string;
  readonly pid: number;
  close(): Promise<void>;
}

const REGISTER = path.join(ROOT, "dist", "instrument", "register.js");
/** Does next to nothing for a request, so that what the preload adds weighs most. */
const SOURCE = `
import http from "node:http";
const body = JSON.stringify({ readings: Array.from({ length: 20 }, (_, id) => ({ id, value: id / 7 })) });
const server = http.createServer((request, response) => {
  response.setHeader("content-type", "application/json");
  response.end(body);
});
server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
`;

/** Starts a server; `folder` is where the preload writes, without one there is no preload. */
export async function startServer(folder: string | undefined): Promise<Server> {
  const env: Environment = folder === undefined ? {} : { ROLLWATCH_METRICS_DIR: folder };
  const preload = folder === undefined ? [] : ["--import", REGISTER];
  const child = spawn(process.execPath, [...preload, "--input-type=module", "--eval", SOURCE], {
    env: constructedEnvironment(env),
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = await once(child.stdout, "data");
  return {
    url: `http://127.0.0.1:${Number(String(port))}/`,
    pid: child.pid ?? 0,
    close: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
    },
  };
}
