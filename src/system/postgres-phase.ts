import type { LocalReason } from "./http-errors.ts";

/** How a question to the database can fail; each but the first three is what the server, or the way to it, says. */
export type DatabasePhase =
  /** Its name has no address, as this machine sees it. */
  | "name-resolution"
  /** There is no way to it from here. */
  | "no-route"
  /** rollwatch itself lacks descriptors or memory. */
  | "out-of-resources"
  /** Nobody listens. */
  | "refused"
  /** No connection in time. */
  | "connect-timeout"
  /** A connection, but no answer in time. */
  | "answer-timeout"
  /** The connection broke. */
  | "lost"
  /** 53300: it takes no more. */
  | "too-many-connections"
  /** Class 28: the credentials of the one who asks. */
  | "authentication"
  /** 42501: the rights of the one who asks. */
  | "forbidden"
  /** 3D000: the server is there, the database is not. */
  | "no-database"
  /** 57P01 to 57P03: it starts up, recovers or shuts down. */
  | "starting-or-stopping"
  /** 25006: it takes no writes. */
  | "read-only"
  /** 53100: its disk is full. */
  | "out-of-disk"
  | "other";

/** What is known of a failure. */
interface Failed {
  readonly sqlstate: string | null;
  readonly message: string;
  /** The code of Node's error, where it is one. */
  readonly code?: string | undefined;
  readonly local?: LocalReason | undefined;
  /** Whether the server had accepted the connection. */
  readonly isConnected: boolean;
}

const BY_SQLSTATE: ReadonlyMap<string, DatabasePhase> = new Map([
  ["53300", "too-many-connections"],
  ["42501", "forbidden"],
  ["3D000", "no-database"],
  ["57P01", "starting-or-stopping"],
  ["57P02", "starting-or-stopping"],
  ["57P03", "starting-or-stopping"],
  ["25006", "read-only"],
  ["53100", "out-of-disk"],
  ["57014", "answer-timeout"],
]);

/** The phase of a failure. Messages are looked at for the client's own timeouts alone: a server's are translated. */
export function phaseOf(failed: Failed): DatabasePhase {
  return failed.sqlstate === null ? phaseOfNode(failed) : phaseOfSqlstate(failed.sqlstate);
}

function phaseOfSqlstate(sqlstate: string): DatabasePhase {
  return sqlstate.startsWith("28") ? "authentication" : (BY_SQLSTATE.get(sqlstate) ?? "other");
}

function phaseOfNode({ message, code, local, isConnected }: Failed): DatabasePhase {
  if (local !== undefined) {
    return local === "out-of-descriptors" ? "out-of-resources" : local;
  }
  if (code === "ETIMEDOUT" || /timeout/iu.test(message)) {
    return isConnected ? "answer-timeout" : "connect-timeout";
  }
  return BY_CODE.get(code ?? "") ?? (/terminated/u.test(message) ? "lost" : "other");
}

const BY_CODE: ReadonlyMap<string, DatabasePhase> = new Map([
  ["ECONNREFUSED", "refused"],
  // There is no such socket.
  ["ENOENT", "refused"],
  ["EHOSTUNREACH", "no-route"],
  ["ECONNRESET", "lost"],
  ["EPIPE", "lost"],
]);
