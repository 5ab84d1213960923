import type { CaseResult } from "./recovery.ts";

const HEAD = [
  "case",
  "breach",
  "decision",
  "restored by rollwatch",
  "restored by the runbook",
  "decision to restored: rollwatch",
  "runbook",
  "ratio",
  "verified",
  "failed: rollwatch",
  "runbook",
] as const;

/** The medians as a Markdown table; seconds from the bad release's first process unless the head says otherwise. */
export function recoveryTable(results: readonly CaseResult[]): string {
  const rows = results.map(({ name, medians: { rollwatch, runbook, recovery } }) => [
    name,
    seconds(rollwatch.toBreach),
    seconds(rollwatch.toDecision),
    seconds(rollwatch.toRestored),
    seconds(runbook.toRestored),
    seconds(recovery.rollwatch),
    seconds(recovery.runbook),
    `${recovery.ratio.toFixed(1)}x`,
    seconds(rollwatch.toVerified),
    String(rollwatch.failed),
    String(runbook.failed),
  ]);
  return [HEAD, HEAD.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
