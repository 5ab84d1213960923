import type { Action } from "../../model/decision.ts";
import type { Guard } from "../guard.ts";
import { booted } from "./booted.ts";
import { cause } from "./cause.ts";
import { changeInBlameWindow } from "./change-in-blame-window.ts";
import { controlsGreen } from "./controls-green.ts";
import { cooldown } from "./cooldown.ts";
import { dailyBudget } from "./daily-budget.ts";
import { evidence } from "./evidence.ts";
import { lockHeld } from "./lock-held.ts";
import { mode } from "./mode.ts";
import { noDeploymentRunning } from "./no-deployment-running.ts";
import { noChange } from "./no-change.ts";
import { noRestartStorm } from "./no-restart-storm.ts";
import { notBeforeChange } from "./not-before-change.ts";
import { notInMaintenance } from "./not-in-maintenance.ts";
import { notPaused } from "./not-paused.ts";
import { notQuarantinedTarget } from "./not-quarantined-target.ts";
import { notRestartedBefore } from "./not-restarted-before.ts";
import { notRolledBackBefore } from "./not-rolled-back-before.ts";
import { pm2Alive } from "./pm2-alive.ts";
import { preparable } from "./preparable.ts";
import { restartBudget } from "./restart-budget.ts";
import { restartCures } from "./restart-cures.ts";
import { restartSafeWork } from "./restart-safe-work.ts";
import { restartable } from "./restartable.ts";
import { safeWork } from "./safe-work.ts";
import { schemaUnchanged } from "./schema-unchanged.ts";
import { securityFloor } from "./security-floor.ts";
import { servicesKnown } from "./services-known.ts";
import { stoppedByPerson } from "./stopped-by-person.ts";
import { targetProven } from "./target-proven.ts";
import { targetReady } from "./target-ready.ts";

/** The guards of a rollback, in the order in which their answers are told. */
const ROLLBACK_GUARDS: readonly Guard[] = [
  mode,
  notPaused,
  notInMaintenance,
  noRestartStorm,
  cause,
  changeInBlameWindow,
  notBeforeChange,
  controlsGreen,
  stoppedByPerson,
  booted,
  servicesKnown,
  pm2Alive,
  targetProven,
  targetReady,
  schemaUnchanged,
  cooldown,
  notRolledBackBefore,
  dailyBudget,
  notQuarantinedTarget,
  securityFloor,
  noDeploymentRunning,
  preparable,
  lockHeld,
  safeWork,
  evidence,
];

/** The guards of a restart, in the order in which their answers are told. */
const RESTART_GUARDS: readonly Guard[] = [
  mode,
  notPaused,
  notInMaintenance,
  noRestartStorm,
  noChange,
  restartCures,
  controlsGreen,
  stoppedByPerson,
  booted,
  restartable,
  pm2Alive,
  restartBudget,
  notRestartedBefore,
  noDeploymentRunning,
  preparable,
  lockHeld,
  restartSafeWork,
  evidence,
];

/** The guards of each rung of the ladder. */
export const LADDER: Readonly<Record<Action, readonly Guard[]>> = {
  "roll-back": ROLLBACK_GUARDS,
  restart: RESTART_GUARDS,
};

/** Every guard, each once. */
export const GUARDS: readonly Guard[] = [...new Set([...ROLLBACK_GUARDS, ...RESTART_GUARDS])];
