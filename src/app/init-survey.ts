import { basename, join } from "node:path";
import { type Application } from "./init-applications.ts";
import { findOrigins, type Origin } from "./init-addresses.ts";
import {
  type FoundDatabase,
  findDatabase,
  readVariables,
  type Variables,
} from "./init-database.ts";
import { type Endpoints, explore } from "./init-endpoints.ts";
import { findFiles, type FoundFiles } from "./init-files.ts";
import type { InitPorts } from "./init-ports.ts";
import { z } from "zod";

/** Everything that was read of an application. The database's address in it is secret. */
export interface Survey {
  readonly name: string;
  readonly pm2Home: string;
  readonly pm2Version: string;
  readonly application: Application;
  /** HEAD's commit; null where there is none. */
  readonly commit: string | null;
  readonly files: FoundFiles;
  readonly origins: readonly Origin[];
  readonly endpoints: Endpoints;
  /** The field of a health answer that names the commit. */
  readonly releaseId?: { readonly url: string; readonly json: string };
  readonly database?: FoundDatabase;
  /** rollwatch's own folder for it, and the port that it may listen on. */
  readonly state: string;
  readonly port: number;
}

const USUAL_PORT = 9876;
/** Shorter beginnings of a commit may be anything. */
const SHORTEST_COMMIT = 7;
const Manifest = z.object({ name: z.string() });

/** Looks at one application of a living pm2, and changes nothing. */
export async function surveyApplication(
  ports: InitPorts,
  application: Application,
  pm2: { readonly home: string; readonly pid: number; readonly version: string },
  signal: AbortSignal,
): Promise<Survey> {
  const { root, isGit } = application;
  const name = await nameOf(ports, root);
  const origins = await findOrigins(ports.listeners, application, pm2.pid, signal);
  const [files, endpoints] = await Promise.all([
    findFiles(ports, application, signal),
    explore(ports, origins, signal),
  ]);
  const commit = isGit ? await ports.git.head(root, signal) : null;
  const releaseId = findReleaseId(endpoints, commit);
  const places = await variablesOf(ports, application, files.environment);
  const database = await findDatabase(ports, places, signal);
  return {
    name,
    pm2Home: pm2.home,
    pm2Version: pm2.version,
    application,
    commit,
    files,
    origins,
    endpoints,
    ...(releaseId === undefined ? {} : { releaseId }),
    ...(database === undefined ? {} : { database }),
    state: stateFor(ports, name),
    port: await freePort(ports, signal),
  };
}

/** What package.json calls it, else its folder, in the letters that a name may have. */
async function nameOf({ files }: InitPorts, root: string): Promise<string> {
  const text = await files.readText(join(root, "package.json"));
  const manifest = Manifest.safeParse(parseJson(text ?? ""));
  const given = manifest.success ? manifest.data.name : basename(root);
  const name = given.toLowerCase().replaceAll(/[^a-z0-9]+/gu, "-");
  return name.replaceAll(/^-+|-+$/gu, "") || "application";
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What the services were started with, then what they may read by themselves. */
async function variablesOf(
  { files }: InitPorts,
  { root, definitions }: Application,
  environmentFiles: readonly string[],
): Promise<readonly Variables[]> {
  const read = await Promise.all(
    environmentFiles.map(async (path) => ({
      from: path,
      values: readVariables((await files.readText(join(root, path))) ?? ""),
    })),
  );
  const started = definitions.map(({ name, env }) => ({
    from: `the environment of ${name}`,
    values: env,
  }));
  return [...started, ...read];
}

/** A field whose value is the commit that is deployed changes with every release. */
function findReleaseId(
  { health }: Endpoints,
  commit: string | null,
): { readonly url: string; readonly json: string } | undefined {
  for (const { url, body } of health) {
    const json = commit === null ? undefined : fieldWith(parseJson(body), commit);
    if (json !== undefined) {
      return { url, json };
    }
  }
  return undefined;
}

/** The path of the field that holds the commit or its beginning; empty for the value itself. */
function fieldWith(value: unknown, commit: string): string | undefined {
  if (typeof value === "string") {
    return value.length >= SHORTEST_COMMIT && commit.startsWith(value) ? "" : undefined;
  }
  const fields = z.record(z.string(), z.unknown()).safeParse(value);
  for (const [key, inner] of Object.entries(fields.data ?? {})) {
    const rest = key.includes(".") ? undefined : fieldWith(inner, commit);
    if (rest !== undefined) {
      return rest === "" ? key : `${key}.${rest}`;
    }
  }
  return undefined;
}

function stateFor({ uid, environment }: InitPorts, name: string): string {
  const { HOME: home } = environment;
  const folder =
    uid === 0 || home === undefined || !home.startsWith("/")
      ? "/var/lib"
      : join(home, ".local", "state");
  return join(folder, "rollwatch", name);
}

/** Several daemons may watch on one host. */
async function freePort({ listeners }: InitPorts, signal: AbortSignal): Promise<number> {
  const taken = new Set((await listeners.all(signal)).map(({ port }) => port));
  let port = USUAL_PORT;
  while (taken.has(port)) {
    port += 1;
  }
  return port;
}
