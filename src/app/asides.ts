import type { AsideDatabase, AsideDropRequest, AsideReport } from "../model/aside-database.ts";
import { Failure } from "../model/failure.ts";
import { openRecovery, waitingRecovery } from "../model/history.ts";
import type { Person } from "../model/people.ts";
import { forgetAside, listAsides } from "../release/aside-databases.ts";
import type { DatabaseOnServer } from "../system/postgres-aside.ts";
import type { DatabaseSwap } from "../system/postgres-swap.ts";
import type { Daemon } from "./daemon.ts";
import { recoveryLockPath, tryLock } from "./locks.ts";

/** Longest wait for what the server says of them. */
const ASK_MS = 10_000;

type Keeper = Pick<Daemon, "world" | "config">;

/** Every database that a swap has replaced and that is not live again, newest first, as the server has it now. */
export async function reportAsides(
  { world, config }: Keeper,
  signal: AbortSignal,
): Promise<readonly AsideReport[]> {
  const noted = newestOfEach(await listAsides(world.files, config.state));
  if (noted.length === 0) {
    return [];
  }
  const databases = swapper(world);
  const oids = noted.map(({ pair }) => pair.replaced.oid);
  const found = await databases.byOid(oids, world.clock.deadline(ASK_MS, signal));
  // One that was swapped back, or never swapped, is nothing that is kept.
  return noted.map((aside) => report(aside, found)).filter(({ state }) => state !== "live");
}

/** Drops the one with this OID, and forgets its swap. Refused while a plan may still need it, or where it is not safe. */
export async function dropAside(
  daemon: Keeper & Pick<Daemon, "journal" | "log">,
  { oid, reason }: AsideDropRequest & { readonly oid: string },
  by: Person,
  signal: AbortSignal,
): Promise<void> {
  const { world, config, journal, log } = daemon;
  const databases = swapper(world);
  const noted = await listAsides(world.files, config.state);
  const aside = newestOfEach(noted).find(({ pair }) => String(pair.replaced.oid) === oid);
  if (aside === undefined) {
    throw new Failure("refused", `rollwatch has kept no database ${oid}`, {
      hint: "`rollwatch database aside list` shows those it has kept.",
    });
  }
  const { replaced, live } = aside.pair;
  const { name } = replaced;
  refuseNeeded(daemon, name);
  const attempt = tryLock(recoveryLockPath(config));
  if (attempt.kind === "refused") {
    throw new Failure("lock-held", `a recovery is under way: ${attempt.reason}`, {
      hint: "Wait for its end: `rollwatch status`.",
    });
  }
  try {
    journal.record({ kind: "aside-ended", database: name, oid: replaced.oid, by: by.name, reason });
    const wasThere = await databases.drop({ ...replaced, live }, signal);
    for (const { pair } of noted.filter((one) => one.pair.replaced.oid === replaced.oid)) {
      await forgetAside(world.files, config.state, pair.replaced.name);
    }
    log.warn({ database: name, oid, by: by.name, reason, wasThere }, "dropped a kept database");
  } finally {
    attempt.lock.release();
  }
}

/** One that went live again and was replaced again is kept under its newest name. */
function newestOfEach(noted: readonly AsideDatabase[]): readonly AsideDatabase[] {
  return noted.filter(
    ({ pair }, place) =>
      noted.findIndex((one) => one.pair.replaced.oid === pair.replaced.oid) === place,
  );
}

function refuseNeeded({ journal }: Pick<Daemon, "journal">, name: string): void {
  const history = journal.history();
  const needing = [openRecovery(history), waitingRecovery(history)].find(
    (one) =>
      one !== undefined &&
      (one.plan.aside === name || one.plan.steps.some(({ aside }) => aside === name)),
  );
  if (needing !== undefined) {
    throw new Failure("refused", `plan ${needing.plan.id} needs ${name}`, {
      hint: "Wait for its end, or reject it: `rollwatch reject`.",
    });
  }
}

function report(aside: AsideDatabase, found: readonly DatabaseOnServer[]): AsideReport {
  const { pair, at, plan, release } = aside;
  const { name, oid } = pair.replaced;
  const there = found.find((one) => one.oid === oid);
  const bytes = there?.bytes ?? null;
  return {
    name,
    oid,
    state: stateOf(aside, there?.name),
    live: pair.live,
    at,
    plan,
    release,
    bytes,
  };
}

function stateOf({ pair }: AsideDatabase, name: string | undefined): AsideReport["state"] {
  switch (name) {
    case undefined:
      return "gone";
    case pair.replaced.name:
      return "kept";
    case pair.live:
      return "live";
    default:
      return "renamed";
  }
}

function swapper({ databases }: Keeper["world"]): DatabaseSwap {
  if (databases === undefined) {
    throw new Failure("refused", "no database is configured", {
      hint: "Configure `database.url`; rollwatch's notes of kept databases lie in `<state>/asides`.",
    });
  }
  return databases;
}
