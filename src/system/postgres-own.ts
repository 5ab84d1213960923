import type { Client, ClientConfig } from "pg";
import { parseIntoClientConfig } from "pg-connection-string";
import type { Instance } from "./instance.ts";

const PARAMETER = "application_name";
const TAGGED = / (?<tag>[0-9a-z]+(?:\.[0-9a-z]+){3})$/u;

/** Lets the server look, where it can (PostgreSQL 14 on most systems), whether its client is still there: else it works on for one that was killed. */
const WATCH_CLIENT = `
  select set_config(name, '2s', false) from pg_settings where name = 'client_connection_check_interval'`;

/** Has a session's work end soon after its client. */
export async function watchClient(client: Client): Promise<void> {
  await client.query(WATCH_CLIENT).catch(() => undefined);
}

/** The address with the tag of this rollwatch: every session that is opened by it bears the tag behind its name. */
export function taggedAddress(url: string, instance: Instance): string {
  if (!URL.canParse(url)) {
    // Whoever opens it says what is wrong with it.
    return url;
  }
  const address = new URL(url);
  address.searchParams.set(PARAMETER, instance.tag());
  return address.href;
}

/** The address without what it says of the session's name: that would count for more than what the session is told. */
export function namelessAddress(url: string): URL {
  const address = new URL(url);
  address.searchParams.delete(PARAMETER);
  return address;
}

/**
 * Where and as whom an address connects. The database is named to the letter: pg itself leaves `%24` and the like in its name, because it
 * decodes a path with `decodeURI`.
 */
export function connectionTo(address: URL): ClientConfig {
  const database = decodeURIComponent(address.pathname.slice(1));
  return { ...parseIntoClientConfig(address.href), ...(database === "" ? {} : { database }) };
}

/** The application_name of a session for `purpose` (at most 32 characters): with the tag of its address, where that has one. */
export function sessionName(url: string, purpose: string): string {
  const name = `${purpose} ${new URL(url).searchParams.get(PARAMETER) ?? ""}`;
  return tagIn(name) === undefined || tagIn(purpose) !== undefined ? purpose : name;
}

/** The tag behind the name of a session; undefined where it has none. */
export function tagIn(name: string): string | undefined {
  return TAGGED.exec(name)?.groups?.["tag"];
}
