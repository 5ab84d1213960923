import { median } from "../recovery.ts";
import type { DeliveryResult } from "./measure.ts";

const AIM_FIRST_MS = 1000;
/** A dead channel costs its own tries, and nothing that the others would feel: rounds differ by more than this. */
const AIM_RATIO = 1.25;

/** The figures as Markdown, and whether the aims were met. */
export function deliveryTables({ drains, firsts, notices }: DeliveryResult): string {
  const alone = drains.map((one) => one.alone.tookMs);
  const besideDead = drains.map((one) => one.besideDead.tookMs);
  const ratios = drains.map((one) => one.besideDead.tookMs / one.alone.tookMs);
  const queued = drains.flatMap((one) => one.alone.queueMs);
  const rows = [
    [`${notices} notices by four channels`, seconds(median(alone)), seconds(Math.max(...alone))],
    [
      "the same beside a fifth that is dead",
      seconds(median(besideDead)),
      seconds(Math.max(...besideDead)),
    ],
    ["a notice is durable", milliseconds(median(queued)), milliseconds(Math.max(...queued))],
    [
      "from the decision to the first delivered notice",
      milliseconds(median(firsts)),
      milliseconds(Math.max(...firsts)),
    ],
  ];
  const head = ["what", "median", "worst"];
  return [
    ...[head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`),
    "",
    `A dead channel slows the others by less than a quarter: ${tellMet(median(ratios) < AIM_RATIO)} (${ratios.map((one) => `${one.toFixed(2)}x`).join(", ")}).`,
    `First told within ${AIM_FIRST_MS / 1000} s at the median: ${tellMet(median(firsts) < AIM_FIRST_MS)}.`,
  ].join("\n");
}

function tellMet(isMet: boolean): string {
  return isMet ? "met" : "MISSED";
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

function milliseconds(ms: number): string {
  return `${ms.toFixed(ms < 100 ? 2 : 0)} ms`;
}
