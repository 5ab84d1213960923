import { createHash } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import type { ApplicationSettings } from "../model/application.ts";
import { IDENTITY_PARTS, type Identity, type IdentityPart } from "../model/identity.ts";
import type { Service } from "../model/service.ts";
import type { Files } from "../system/files.ts";
import type { Git } from "../system/git.ts";
import type { Http } from "../system/http.ts";
import type { Pm2 } from "../system/pm2.ts";
import type { Database } from "../system/postgres.ts";
import { releasePaths } from "./paths.ts";

/** Where the ledger looks; an application without a database has no schema (null). */
export interface LedgerPorts {
  readonly files: Files;
  readonly git: Git;
  readonly http: Http;
  readonly pm2: Pm2;
  readonly database?: Database;
  /** What tells the content where the source is no repository; without it the content is unknown. */
  readonly content?: (signal: AbortSignal) => Promise<string | null>;
}

const SERVED_TIMEOUT_MS = 1000;
const SERVED_MAX_BYTES = 64 * 1024;

/** What is deployed right now. A part that cannot be read is left out, one that is not there is null. */
export async function observeIdentity(
  ports: LedgerPorts,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<Identity> {
  const { database } = ports;
  const [installed, served, schema] = await Promise.all([
    observeInstalled(ports, application, signal),
    known("served", async () => readServedRelease(ports.http, application, signal), signal),
    known(
      "schema",
      async () => (database === undefined ? null : database.schemaRevision(signal)),
      signal,
    ),
  ]);
  return { ...installed, ...served, ...schema };
}

/** The parts of the identity that lie on the disk and in pm2. */
export async function observeInstalled(
  ports: Pick<LedgerPorts, "files" | "git" | "pm2" | "content">,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<Identity> {
  const { files, git, pm2 } = ports;
  const { root, lockfile, source } = application;
  const names = application.services.map((service) => service.name);
  const isGit = source === "git";
  const [commit, content, lock, configFiles, definitions] = await Promise.all([
    known("commit", async () => (isGit ? git.head(root, signal) : null), signal),
    known("content", async () => (isGit ? undefined : ports.content?.(signal)), signal),
    known("lockfile", async () => (await files.hash(join(root, lockfile))) ?? null, signal),
    hashConfigFiles(files, application, signal),
    known("definitions", async () => definitionHashes(await pm2.services(names, signal)), signal),
  ]);
  return { ...commit, ...content, ...lock, configFiles, ...definitions };
}

/** The release id that the application serves; null when its answer has none, undefined when there is no answer to read. */
export async function readServedRelease(
  http: Http,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<string | null | undefined> {
  const from = application.releaseIdFrom;
  if (from === undefined) {
    return undefined;
  }
  const answer = await http.ask(
    { url: from.url, timeoutMs: SERVED_TIMEOUT_MS, maxBodyBytes: SERVED_MAX_BYTES },
    signal,
  );
  if (answer.kind !== "answered") {
    return undefined;
  }
  const id = fieldOf(answer.body, from.json);
  return id ?? (answer.status === 200 && id === null ? null : undefined);
}

/** What changed between two looks; a part that is unknown on either side is no change. */
export function compareIdentity(
  before: Identity,
  after: Identity,
): { readonly parts: readonly IdentityPart[]; readonly summary: readonly string[] } {
  const changes = IDENTITY_PARTS.flatMap((part) => {
    const text = tellChange(part, before, after);
    return text === undefined ? [] : [{ part, text }];
  });
  return { parts: changes.map(({ part }) => part), summary: changes.map(({ text }) => text) };
}

/** One hash for each service, over all its processes; null where pm2 does not know it. */
function definitionHashes(services: readonly Service[]): Record<string, string | null> {
  return Object.fromEntries(
    services.map(({ name, instances }) => {
      const hashes = [...new Set(instances.map((one) => one.definitionHash))].toSorted();
      return [name, hashes.length > 1 ? sha256(hashes.join("\n")) : (hashes[0] ?? null)];
    }),
  );
}

async function hashConfigFiles(
  files: Files,
  application: ApplicationSettings,
  signal: AbortSignal,
): Promise<Record<string, string | null>> {
  const hashes = await Promise.all(
    releasePaths(application).configFiles.map(async ({ path }) =>
      known(path, async () => (await files.hash(join(application.root, path))) ?? null, signal),
    ),
  );
  return Object.assign({}, ...hashes);
}

/** `{ [key]: answer }`, or nothing when there is no answer; only an abort is passed on, since unknown is an answer here. */
async function known<K extends string, T>(
  key: K,
  ask: () => Promise<T | undefined>,
  signal: AbortSignal,
): Promise<{ readonly [P in K]?: T }> {
  const nothing: { readonly [P in K]?: T } = {};
  try {
    const value = await ask();
    return value === undefined ? nothing : { ...nothing, [key]: value };
  } catch {
    signal.throwIfAborted();
    return nothing;
  }
}

function tellChange(part: IdentityPart, before: Identity, after: Identity): string | undefined {
  if (part === "configFiles") {
    return tellKeys("configuration", before.configFiles, after.configFiles);
  }
  if (part === "definitions") {
    return tellKeys("pm2 definition", before.definitions, after.definitions);
  }
  const [from, to] = [before[part], after[part]];
  const isChange = from !== undefined && to !== undefined && from !== to;
  return isChange ? `${part} ${brief(from)} -> ${brief(to)}` : undefined;
}

type Hashes = Readonly<Record<string, string | null>>;

function tellKeys(what: string, before: Hashes = {}, after: Hashes = {}): string | undefined {
  const changed = Object.keys(before).filter((key) => {
    const to = after[key];
    return to !== undefined && to !== before[key];
  });
  return changed.length === 0 ? undefined : `${what} ${changed.toSorted().join(", ")}`;
}

/** Long hashes are cut, as git does. */
function brief(value: string | null): string {
  if (value === null) {
    return "none";
  }
  return /^[0-9a-f]{40,}$/u.test(value) ? value.slice(0, 8) : value;
}

/** The text or number at a dotted path; null when the answer has none, undefined when it is no JSON. */
function fieldOf(body: string, path: string): string | null | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const key of path.split(".")) {
    const level = z.record(z.string(), z.unknown()).safeParse(value);
    value = level.success && Object.hasOwn(level.data, key) ? level.data[key] : undefined;
  }
  return typeof value === "string" || typeof value === "number" ? String(value) : null;
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
