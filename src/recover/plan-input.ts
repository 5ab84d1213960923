import type { ApplicationSettings } from "../model/application.ts";
import type { Identity } from "../model/identity.ts";
import type { CapturedPath, Release } from "../model/release.ts";
import type { Service } from "../model/service.ts";

/** A configuration file that stays as it is now, and why: it changed outside the blamed deployment. */
export interface KeptFile {
  readonly path: string;
  readonly reason: string;
}

/** Everything a plan is made from; the plan is frozen with it. */
export interface PlanInput {
  readonly id: string;
  readonly incident: string;
  /** `policy`, or the person who asked for it. */
  readonly requestedBy: string;
  readonly now: number;
  /** When the tier's budget is used up. */
  readonly deadline: number;
  readonly configHash: string;
  readonly application: ApplicationSettings;
  readonly target: Release;
  /** What is deployed now. */
  readonly from: Identity;
  /** The target's paths as they are now; what does not differ is left alone. */
  readonly current: readonly CapturedPath[];
  /** The configured services as pm2 has them now. */
  readonly services: readonly Service[];
  readonly kept: readonly KeptFile[];
  /** Whether git's HEAD may be moved for this application: its root is the top of its work tree. Default true. */
  readonly ownsWorkTree?: boolean;
  /** Whether this pm2 brings services back after a reboot. */
  readonly hasDump: boolean;
}
