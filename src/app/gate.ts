import { isBraked, type Incident } from "../model/history.ts";
import type { Plan } from "../model/plan.ts";
import { floorAbove } from "../model/security-floor.ts";
import { isWell, type Signal } from "../model/signal.ts";
import { compareIdentity } from "../release/ledger.ts";
import { authorityOf } from "./authority.ts";
import { signalsNow, type Daemon } from "./daemon.ts";
import { incidentOf, recoveryOf } from "./planned.ts";

/** Longest wait for the signals to say again whether the breach is still there. */
const GATE_MS = 60_000;
const GATE_LOOK_MS = 200;

type Gate = "go" | { readonly cancel: string };

/** Whether the first act may be done: nothing is acted on that a brake holds, be it pulled while the breach is looked at. */
export async function judgeAgain(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const authority = authorityOf(recoveryOf(daemon, plan.id));
  if (authority === "person") {
    return isStillDeployed(daemon, plan, signal);
  }
  const before = brakeOn(daemon);
  const gate = before === undefined ? await isStillThere(daemon, plan, signal) : "go";
  const floor = authority === "policy" ? floorOver(daemon, plan) : undefined;
  const brake =
    brakeOn(daemon) ?? before ?? floor ?? (authority === "policy" ? distrust(daemon) : undefined);
  return brake === undefined ? gate : { cancel: brake };
}

/** The breach must still be there when the first act is due; what cleared by itself needs no rollback. */
async function isStillThere(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const { world, surroundings } = daemon;
  const incident = incidentOf(daemon, plan);
  if (incident.signals.length === 0) {
    // No probe has seen what a person saw.
    return isStillDeployed(daemon, plan, signal);
  }
  const deadline = world.clock.monotonic() + GATE_MS;
  for (;;) {
    await surroundings.lookAtServices(signal);
    const concerned = concernedNow(daemon, incident);
    if (concerned.some((one) => one.state === "breach" && one.badWindows > 0)) {
      return isStillDeployed(daemon, plan, signal);
    }
    if (concerned.length > 0 && concerned.every(isWell)) {
      return { cancel: "the breach cleared before the first act" };
    }
    if (world.clock.monotonic() >= deadline) {
      const states = concerned.map((one) => `${one.name} is ${one.state} (${one.reason})`);
      return { cancel: `the breach could not be confirmed: ${states.join("; ")}` };
    }
    await world.clock.sleep(GATE_LOOK_MS, signal);
  }
}

/**
 * The signals that the breach rests on: those of its trigger, and those whose own may act by itself. Anything else of the
 * incident, such as a late heartbeat, may last on without being a reason to act.
 */
function concernedNow(daemon: Daemon, { signals, trigger }: Incident): readonly Signal[] {
  const { triggers } = daemon.config.policy;
  const concerned = signalsNow(daemon).filter((one) => signals.includes(one.name));
  const moving = concerned.filter(
    (one) => one.trigger === trigger || triggers[one.trigger].mode === "auto",
  );
  return moving.length > 0 ? moving : concerned;
}

/** Why nothing may be done by itself at this moment; undefined when nothing keeps it. */
function brakeOn({ journal, world }: Daemon): string | undefined {
  const { pause, maintenance } = journal.history();
  const now = world.clock.now();
  if (isBraked(pause, now)) {
    return `${pause.by} paused rollwatch: ${pause.reason}`;
  }
  return isBraked(maintenance, now)
    ? `${maintenance.by} declared maintenance: ${maintenance.reason}`
    : undefined;
}

/** Begun before rollwatch came to distrust itself, and nothing of it is felt yet: people are asked instead. */
function distrust({ journal, world }: Daemon): string | undefined {
  const { observing } = journal.history();
  return isBraked(observing, world.clock.now()) ? observing.reason : undefined;
}

/** A floor that was marked while the plan was prepared; people who approved a plan have said more than that. */
function floorOver({ journal }: Daemon, plan: Plan): string | undefined {
  const history = journal.history();
  const target = history.releases.find(({ id }) => id === plan.target);
  const floor = target === undefined ? undefined : floorAbove(history, target);
  return floor === undefined
    ? undefined
    : `${floor.by} marked ${floor.release} as a security floor: ${floor.reason}`;
}

/** The plan was made for what was deployed then; over anything else it would leave a mixture. */
async function isStillDeployed(daemon: Daemon, plan: Plan, signal: AbortSignal): Promise<Gate> {
  const { served: _then, ...from } = plan.from;
  const found = await daemon.surroundings.lookAtDeployed(signal);
  if (found === undefined) {
    return { cancel: "what is deployed could not be looked at in time" };
  }
  const { summary } = compareIdentity(from, found);
  return summary.length === 0
    ? "go"
    : { cancel: `what is deployed changed since the plan was made: ${summary.join("; ")}` };
}
