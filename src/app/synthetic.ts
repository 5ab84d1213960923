import type { Config } from "../config/schema.ts";
import { messageOf } from "../model/failure.ts";
import type { Apart } from "../observe/apart.ts";
import { type Marks, openMarks } from "../observe/marks.ts";
import {
  type DoctorPorts,
  type Examination,
  fault,
  type Finding,
  ok,
} from "./doctor-examination.ts";
import type { Daemon } from "./daemon.ts";

/** What the probes of synthetic alerts get of the daemon. */
export interface SyntheticWiring {
  readonly marks: Marks;
  readonly apart: Apart;
  readonly onLeft: (signal: string, reason: string) => void;
}

/** The marks of what is posted, and who hears of what stays behind; also of what an earlier configuration left. */
export function wireSynthetic({ config, world, log, apart }: Daemon): SyntheticWiring {
  const marks = openMarks(world, config.state);
  void tellOrphans({ config, log }, marks);
  return {
    marks,
    apart,
    onLeft: (signal, reason) => {
      log.error({ signal, reason }, "what a synthetic reading made could not be deleted");
    },
  };
}

/** Signals with marks that nobody cleans up, since they are configured no more. */
async function tellOrphans(
  { config, log }: Pick<Daemon, "config" | "log">,
  marks: Marks,
): Promise<void> {
  const known = syntheticSignals(config);
  try {
    const orphans = (await marks.signals()).filter((signal) => !known.includes(signal));
    for (const signal of orphans) {
      log.error({ signal }, "readings of a signal that is gone were never cleaned up");
    }
  } catch (error) {
    log.error({ error: messageOf(error) }, "the marks of synthetic readings cannot be read");
  }
}

function syntheticSignals(config: Config): readonly string[] {
  return config.signals.flatMap(({ name, probe }) =>
    probe.kind === "synthetic-alert" ? [name] : [],
  );
}

/** Older ones should be gone: by then a last clean-up was due. */
const OLD_MS = 15 * 60_000;

/** Looks for readings of rollwatch's own that lie in the application. */
export const SYNTHETIC: readonly Examination[] = [
  { area: "probes", check: "synthetic readings", look: async (ports) => lookForLeft(ports) },
];

async function lookForLeft({ config, world }: DoctorPorts): Promise<readonly Finding[]> {
  const check = "synthetic readings";
  const marks = openMarks(world, config.state);
  const signals = await marks.signals();
  const old = (await Promise.all(signals.map(async (one) => marks.list(one))))
    .flat()
    .filter(({ at }) => world.clock.now() - at > OLD_MS)
    .map(({ mark }) => mark);
  if (old.length > 0) {
    const cure =
      "See the log for why, and start the daemon, which tries again; of a signal that is configured no more delete them by hand, and its file in <state>/synthetic.";
    return [fault(check, `not cleaned up: ${old.join(", ")}`, cure)];
  }
  return syntheticSignals(config).length === 0 ? [] : [ok(check, "nothing is left behind")];
}
