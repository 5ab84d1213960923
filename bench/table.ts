import type { CaseResult, Medians } from "./recovery.ts";
import type { Expectation } from "./recovery-expectation.ts";

const HEAD = [
  "case",
  "breach expected: typically, at worst",
  "breach",
  "decision",
  "decision to restored: rollwatch",
  "runbook",
  "ratio",
  "verified",
  "failed requests: rollwatch",
  "runbook",
  "load: rollwatch",
  "runbook",
] as const;

/**
 * The medians as a Markdown table; seconds from the bad release's first process, or the fault's beginning, unless the head says
 * otherwise. Rounds that went wrong follow the table.
 */
export function recoveryTable(results: readonly CaseResult[]): string {
  const rows = results.map(({ name, cure, expected, medians }) => [
    cure === "restart" ? `${name} (restart)` : name,
    tellExpected(expected),
    ...(medians === null ? HEAD.slice(2).map(() => "-") : cellsOf(medians)),
  ]);
  const lines = [HEAD, HEAD.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  const wrong = results.flatMap((one) =>
    one.wrong.map((reason) => `WRONG: ${one.name}: ${reason}`),
  );
  return [...lines, ...(wrong.length === 0 ? [] : ["", ...wrong])].join("\n");
}

function cellsOf({ rollwatch, runbook, recovery }: Medians): readonly string[] {
  return [
    seconds(rollwatch.toBreach),
    seconds(rollwatch.toDecision),
    seconds(recovery.rollwatch),
    seconds(recovery.runbook),
    `${recovery.ratio.toFixed(1)}x`,
    seconds(rollwatch.toVerified),
    String(rollwatch.failed),
    String(runbook.failed),
    String(rollwatch.load),
    String(runbook.load),
  ];
}

function tellExpected(expected: Expectation | null): string {
  return expected === null ? "never" : `${seconds(expected.typical)}, ${seconds(expected.worst)}`;
}

function seconds(value: number): string {
  return `${value.toFixed(1)} s`;
}
