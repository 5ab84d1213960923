import type { Guard } from "../guard.ts";
import { cause } from "./cause.ts";
import { changeInBlameWindow } from "./change-in-blame-window.ts";
import { controlsGreen } from "./controls-green.ts";
import { cooldown } from "./cooldown.ts";
import { dailyBudget } from "./daily-budget.ts";
import { evidence } from "./evidence.ts";
import { lockHeld } from "./lock-held.ts";
import { mode } from "./mode.ts";
import { noDeploymentRunning } from "./no-deployment-running.ts";
import { notBeforeChange } from "./not-before-change.ts";
import { notQuarantinedTarget } from "./not-quarantined-target.ts";
import { notRolledBackBefore } from "./not-rolled-back-before.ts";
import { pm2Alive } from "./pm2-alive.ts";
import { preparable } from "./preparable.ts";
import { safeWork } from "./safe-work.ts";
import { schemaUnchanged } from "./schema-unchanged.ts";
import { servicesKnown } from "./services-known.ts";
import { stoppedByPerson } from "./stopped-by-person.ts";
import { targetProven } from "./target-proven.ts";
import { targetReady } from "./target-ready.ts";

/** Every guard, in the order in which their answers are told. */
export const GUARDS: readonly Guard[] = [
  mode,
  cause,
  changeInBlameWindow,
  notBeforeChange,
  controlsGreen,
  stoppedByPerson,
  servicesKnown,
  pm2Alive,
  targetProven,
  targetReady,
  schemaUnchanged,
  cooldown,
  notRolledBackBefore,
  dailyBudget,
  notQuarantinedTarget,
  noDeploymentRunning,
  preparable,
  lockHeld,
  safeWork,
  evidence,
];
