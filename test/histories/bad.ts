import type { ControlName } from "../../src/model/control.ts";
import type { DecisionKind } from "../../src/model/decision.ts";
import { TRIGGER_ROWS, type Trigger } from "../../src/model/trigger.ts";
import type { Cause } from "../../src/model/verdict.ts";
import { calmProfile, change, FAULT, setFault, type Profile, type Span } from "./profile.ts";
import type { Random } from "./random.ts";
import type { Shipped } from "./shipped.ts";

/*
 * Some minutes after which something breaks and stays broken. After a deployment it is the release's doing, without one it is
 * not, and where a control is red it is neither's: then a rollback would be wrong, also after a deployment.
 */

const MINUTE = 60;
const LENGTH = 12 * MINUTE;
/** What must not be decided; everything else has one right answer. */
type RightDecision = DecisionKind | "no rollback";

/** A kind of fault. */
export interface Bad {
  readonly name: string;
  /** What happens, in words. */
  readonly what: string;
  /** The trigger that must name the incident; absent where several may. */
  readonly trigger?: Trigger;
  /** What is right where nothing was deployed, if it is not the runbook's word for the trigger. */
  readonly red?: { readonly control: ControlName; readonly cause: Cause };
  readonly make: (profile: Profile, span: Span, random: Random) => void;
}

/** A fault with its moment, and what is right about it. */
interface BadHistory {
  readonly profile: Profile;
  /** The second in which it begins. */
  readonly from: number;
  readonly cause: Cause;
  readonly decision: RightDecision;
}

const BROKEN: readonly Bad[] = [
  {
    name: "crash loop",
    what: "the API dies at each start",
    trigger: "system-down",
    make: (profile, span) => {
      setFault(profile, span, FAULT.refused | FAULT.serviceDown);
    },
  },
  {
    name: "hanging API",
    what: "connections are accepted, and nothing is answered",
    trigger: "system-down",
    make: (profile, span) => {
      setFault(profile, span, FAULT.hangs);
    },
  },
  {
    name: "flapping API",
    what: "the API serves for five seconds, and is gone for seven to fifteen",
    trigger: "system-down",
    make: (profile, span, random) => {
      for (let from = span.from; from < span.to;) {
        const to = from + random.whole(7, 15);
        setFault(profile, { from, to }, FAULT.refused);
        from = to + 5;
      }
    },
  },
  {
    name: "slow responses, busy",
    what: "8 to 90 % of the requests take longer than 500 ms, at 5 to 80 a second",
    trigger: "slow-responses",
    make: (profile, span, random) => {
      traffic(profile, random.between(5, 80));
      const share = random.between(0.08, 0.9);
      change(profile.slow, span, () => share);
    },
  },
  {
    name: "slow responses, quiet",
    what: "nearly all requests are slow, and hardly anybody asks",
    trigger: "slow-responses",
    make: (profile, span, random) => {
      traffic(profile, random.between(0, 0.05));
      change(profile.slow, span, () => 0.95);
    },
  },
  {
    name: "errors, busy",
    what: "8 to 100 % of the requests fail, at 5 to 80 a second",
    trigger: "error-rate",
    make: (profile, span, random) => {
      traffic(profile, random.between(5, 80));
      const share = random.between(0.08, 1);
      change(profile.errors, span, () => share);
    },
  },
  {
    name: "errors, quiet",
    what: "all requests fail, and somebody asks every three to eight seconds",
    trigger: "error-rate",
    make: (profile, span, random) => {
      traffic(profile, random.between(0.12, 0.3));
      change(profile.errors, span, () => 1);
    },
  },
  {
    name: "leak",
    what: "memory climbs over its limit within one to three minutes",
    trigger: "memory",
    make: (profile, span, random) => {
      const seconds = random.whole(MINUTE, 3 * MINUTE);
      const lead = { from: span.from - seconds, to: span.from };
      change(profile.memory, lead, (_, since) => 0.6 + (0.35 * since) / seconds);
      change(profile.memory, span, () => 0.97);
    },
  },
  {
    name: "exhausted pool",
    what: "requests wait for a connection of the API's pool",
    trigger: "pool-exhausted",
    make: (profile, span) => {
      setFault(profile, span, FAULT.poolWaits);
    },
  },
  {
    name: "dead WebSocket",
    what: "the WebSocket serves nobody",
    trigger: "websocket",
    make: (profile, span) => {
      setFault(profile, span, FAULT.socket);
    },
  },
];

const ELSEWHERE: readonly Bad[] = [
  {
    name: "dead database",
    what: "PostgreSQL answers nobody, rollwatch neither; all requests fail",
    red: { control: "database", cause: "database" },
    make: (profile, span, random) => {
      traffic(profile, random.between(1, 40));
      setFault(profile, span, FAULT.databaseDead);
      change(profile.errors, span, () => 1);
    },
  },
  {
    name: "dead upstream",
    what: "a service that the application needs is gone; half of the requests fail and the rest are slow",
    red: { control: "upstream", cause: "upstream" },
    make: (profile, span, random) => {
      traffic(profile, random.between(5, 40));
      change(profile.errors, span, () => 0.5);
      change(profile.slow, span, () => 0.5);
    },
  },
  {
    name: "host memory taken",
    what: "something else takes the host's memory; most requests are slow",
    red: { control: "memory", cause: "host" },
    make: (profile, span, random) => {
      traffic(profile, random.between(5, 40));
      profile.memoryOf = "host";
      change(profile.memory, span, () => 0.98);
      change(profile.slow, span, () => 0.7);
    },
  },
  {
    name: "full disk",
    what: "the disk is full, and requests that write fail",
    red: { control: "disk", cause: "host" },
    make: (profile, span, random) => {
      traffic(profile, random.between(5, 40));
      change(profile.errors, span, () => 0.3);
    },
  },
];

/** Triggers whose faults stand above by name, with the probes that see them. */
const NAMED: ReadonlySet<Trigger> = new Set(BROKEN.flatMap((one) => one.trigger ?? []));

/** Every kind of fault that the configured signals can see: those above, and one for each other trigger with a signal. */
export function badKinds({ watched }: Shipped): readonly Bad[] {
  const others = [...new Set(watched.map((one) => one.rule.trigger))].filter(
    (trigger) => !NAMED.has(trigger),
  );
  return [
    ...BROKEN,
    ...others.map((trigger): Bad => ({
      name: trigger,
      what: `every signal of ${trigger} is bad`,
      trigger,
      make: (profile, { from, to }) => {
        profile.bad.push({ from, to, trigger });
      },
    })),
    ...ELSEWHERE,
  ];
}

/** One course of a fault; `deployed`: a release was, up to two minutes before. */
export function badHistory(
  kind: Bad,
  deployed: boolean,
  { setup }: Shipped,
  random: Random,
): BadHistory {
  const profile = calmProfile(LENGTH, {
    perSecond: random.between(0.5, 20),
    slow: random.between(0.001, 0.015),
    errors: random.between(0, 0.01),
  });
  const from = random.whole(4 * MINUTE, 6 * MINUTE);
  const span = { from, to: LENGTH };
  kind.make(profile, span, random);
  if (deployed) {
    profile.deployments.push({
      second: from - random.whole(10, 2 * MINUTE),
      downFor: random.whole(1, 3),
      of: "code",
    });
  }
  const { red, trigger } = kind;
  if (red !== undefined) {
    profile.red.push({ ...span, name: red.control });
    return { profile, from, cause: red.cause, decision: "no rollback" };
  }
  return {
    profile,
    from,
    cause: deployed ? "release" : "unknown",
    decision: trigger === undefined ? "no rollback" : rightDecision(setup, trigger, deployed),
  };
}

/** The runbook's word, by the mode of the trigger. */
function rightDecision(
  { policy }: Shipped["setup"],
  trigger: Trigger,
  deployed: boolean,
): RightDecision {
  const { mode } = policy.triggers[trigger];
  const isRestart = !deployed && TRIGGER_ROWS[trigger].withoutChange === "restart";
  if (mode !== "auto" && mode !== "recommend") {
    return "hold";
  }
  if (deployed || isRestart) {
    const action = deployed ? "roll-back" : "restart";
    return mode === "auto" ? action : "recommend";
  }
  return "no rollback";
}

function traffic({ rate, seconds }: Profile, perSecond: number): void {
  change(rate, { from: 0, to: seconds }, () => perSecond);
}
