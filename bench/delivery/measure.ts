import { loadavg } from "node:os";
import { ROOT } from "../../lab/environment.ts";
import type { Lab } from "../../lab/lab.ts";
import { type Drain, measureDrain } from "./drain.ts";
import { measureFirst } from "./first.ts";

/** How notices are delivered. */
export interface DeliveryResult {
  /** Of each round, an outbox with four channels, and one with a fifth that is dead. */
  readonly drains: readonly { readonly alone: Drain; readonly besideDead: Drain }[];
  /** From the decision to the first delivered notice, in milliseconds. */
  readonly firsts: readonly number[];
  readonly notices: number;
  readonly load: { readonly drains: number; readonly firsts: number };
}

/** As the issue of a busy day: more than a day's notices of a hundred applications. */
const NOTICES = 10_000;

/** Empties outboxes in turn, then has a real daemon decide, in `rounds` rounds each. */
export async function measureDelivery(
  rounds: number,
  how: { readonly tell: (line: string) => void; readonly opened: (lab: Lab) => void },
): Promise<DeliveryResult> {
  const drains: DeliveryResult["drains"][number][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const alone = await measureDrain(ROOT, NOTICES, false);
    const besideDead = await measureDrain(ROOT, NOTICES, true);
    drains.push({ alone, besideDead });
    const seconds = [alone, besideDead].map(({ tookMs }) => (tookMs / 1000).toFixed(1));
    how.tell(`round ${round} of ${rounds}: ${seconds.join(" s, beside a dead channel ")} s`);
  }
  const afterDrains = loadavg()[0] ?? Number.NaN;
  const firsts: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    const first = await measureFirst(how.opened);
    firsts.push(first);
    how.tell(`round ${round} of ${rounds}: told ${first.toFixed(0)} ms after the decision`);
  }
  const load = { drains: afterDrains, firsts: loadavg()[0] ?? Number.NaN };
  return { drains, firsts, notices: NOTICES, load };
}
