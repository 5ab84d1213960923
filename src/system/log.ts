import type { Logger } from "pino";

/** The log that people read to debug the daemon; facts go to the journal. */
export type Log = Logger;
