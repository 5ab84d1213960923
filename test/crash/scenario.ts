import type { Entry } from "../../src/model/facts.ts";
import type { CrashLab } from "../live/support/crash-lab.ts";

/** A plan that is carried out while its daemon dies. */
export interface Scenario {
  readonly name: "application" | "service" | "configuration" | "database" | "schema";
  /** Whether a person asks for it: what was not written down then is never made. */
  readonly isAskedFor: boolean;
  /** How it ends, whatever was killed. */
  readonly outcome: string;
  /** Makes what the plan is needed for, and asks for it. May reject when the daemon dies meanwhile. */
  readonly begin: (lab: CrashLab) => Promise<void>;
  /** What people do when they see that the daemon lives again. */
  readonly resume: (lab: CrashLab, entries: readonly Entry[]) => Promise<void>;
  /** Puts the world back to how every case begins. */
  readonly reset: (lab: CrashLab) => Promise<void>;
  /** Asks the second daemon of a state folder for the same, and approves it there; rejects where that refuses. */
  readonly askBeside: (lab: CrashLab, state: string) => Promise<void>;
  /** What is not as it must be once the plan was carried out, or where it was never made. */
  readonly problems: (lab: CrashLab, done: Done) => Promise<readonly string[]>;
}

/** What of a plan was carried out. */
export interface Done {
  readonly wasMade: boolean;
  /** Steps that the plan can do without and that could not be done, such as `point-git` on a full disk; people were told of each. */
  readonly passedOver: readonly string[];
}
