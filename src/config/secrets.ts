import type { KeyPath } from "./problem.ts";
import type { ConfigFile } from "./schema.ts";

const MASK = "***";
const SECRET_KEY = /^(secret|password|token|signingSecret|apiKey|routingKey)$/u;
/** Groups of names that the operator chooses: variables of a command, headers of a request. */
const SECRET_GROUPS: ReadonlySet<string> = new Set(["env", "headers"]);
const SECRET_NAME = /password|passwd|secret|token|credential|authorization|cookie|key$/iu;
/** `delete` is the address of a probe's clean-up, `registry` that of npm's packages. */
const ADDRESS_KEYS: ReadonlySet<string> = new Set(["url", "databaseUrl", "delete", "registry"]);
/** In a query `true` or `full` is no secret, and redacting such words would blot out other texts. */
const SHORTEST_QUERY_SECRET = 8;
/** A shorter text is no secret, and redacting it would blot out half of every log line. */
const SHORTEST_SECRET = 4;

/** Whether the value at a path is secret by what it is. Addresses with credentials or capabilities in them are. */
export function isSecretPath(path: KeyPath): boolean {
  const last = path.at(-1);
  if (typeof last !== "string") {
    return false;
  }
  if (SECRET_GROUPS.has(String(path.at(-2))) && SECRET_NAME.test(last)) {
    return true;
  }
  const isOurs = last === "url" && ["database", "notify", "watchdog"].includes(String(path[0]));
  return SECRET_KEY.test(last) || isOurs || last === "databaseUrl";
}

/** Whether an address stands there; in its credentials and its query there may be secrets, whatever it is for. */
function isAddressPath(path: KeyPath): boolean {
  return ADDRESS_KEYS.has(String(path.at(-1)));
}

/** Every secret value of a configuration, longest first, so that none is cut by a shorter one inside it. */
export function secretsOf(config: ConfigFile, referenced: readonly string[]): readonly string[] {
  const found = new Set(referenced);
  walk(config, [], (value, path) => {
    if (isSecretPath(path)) {
      found.add(value);
    }
    const parts = isAddressPath(path) ? [...credentialsOf(value), ...queryOf(value)] : [];
    for (const part of parts) {
      found.add(part);
    }
    return value;
  });
  return [...found]
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .toSorted((left, right) => right.length - left.length);
}

/** The same configuration with every secret masked; of addresses the harmless parts stay. */
export function withoutSecrets(config: ConfigFile, secrets: readonly string[]): unknown {
  return walk(config, [], (value, path) => {
    if (isSecretPath(path)) {
      return isAddressPath(path) ? maskAddress(value) : MASK;
    }
    return secrets.includes(value) ? MASK : isAddressPath(path) ? maskParts(value) : value;
  });
}

/** A text with the credentials of any address in it masked. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/:\/\/[^/@\s]*@/gu, `://${MASK}@`);
}

function walk(
  value: unknown,
  path: KeyPath,
  change: (text: string, path: KeyPath) => string,
): unknown {
  if (typeof value === "string") {
    return change(value, path);
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => walk(item, [...path, index], change));
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value);
    return Object.fromEntries(
      entries.map(([key, item]) => [key, walk(item, [...path, key], change)]),
    );
  }
  return value;
}

function credentialsOf(text: string): readonly string[] {
  if (!URL.canParse(text)) {
    return [];
  }
  const url = new URL(text);
  return [url.password, decode(url.password), url.searchParams.get("password") ?? ""];
}

function queryOf(text: string): readonly string[] {
  if (!URL.canParse(text)) {
    return [];
  }
  const { search, searchParams } = new URL(text);
  const asWritten = search.slice(1).split("&");
  const values = [
    ...searchParams.values(),
    ...asWritten.map((pair) => pair.replace(/^[^=]*=/u, "")),
  ];
  return values.filter((value) => value.length >= SHORTEST_QUERY_SECRET);
}

/** The same address without password and query values. */
function maskParts(text: string): string {
  const query = text.indexOf("?");
  const plain = query === -1 ? text : text.slice(0, query);
  return `${maskPassword(plain)}${query === -1 ? "" : `?${MASK}`}`;
}

function maskPassword(text: string): string {
  return text.replace(/^(\w+:\/\/[^/@:]*):[^/@]*@/u, `$1:${MASK}@`);
}

function maskAddress(text: string): string {
  if (!URL.canParse(text)) {
    return MASK;
  }
  const url = new URL(text);
  const isDatabase = url.protocol.startsWith("postgres");
  const user =
    url.username === "" ? "" : `${url.username}${url.password === "" ? "" : `:${MASK}`}@`;
  const path = isDatabase || url.pathname === "/" ? url.pathname : `/${MASK}`;
  return `${url.protocol}//${user}${url.host}${path}${url.search === "" ? "" : `?${MASK}`}`;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
