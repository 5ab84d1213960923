/** Where a watcher asks instead of the target. */
export interface Addresses {
  /** Answered with 200. */
  readonly http: readonly string[];
  /** Host and port of something that takes connections. */
  readonly tcp: readonly string[];
}

/** One watcher while the bench runs. */
export interface Observer {
  readonly name: string;
  /** The processes that it consists of. */
  readonly pids: readonly number[];
  /** Moments (ms since the epoch) at which it decided that something is wrong, oldest first. */
  decisions(): Promise<readonly number[]>;
  /** Whether it believes that all is well again. */
  isCalm(): Promise<boolean>;
  /** The end of what it wrote, for a person who must find out what went wrong. */
  log(): Promise<string>;
}
