import { runTypeScript, secondsSince, tell } from "./run.mjs";

const FIELDS = [
  "fault",
  "trigger",
  "tier",
  "mode",
  "cause",
  "decision",
  "outcome",
  "scope",
  "release",
  "seconds",
  "requests",
  "verified",
  "incident",
];
const NESTED = {
  release: ["bad", "restored"],
  seconds: ["toBreach", "toDecision", "toRestored", "toVerified", "budget"],
  requests: ["sent", "failed"],
};

/** Runs the demo of one fault as a program does; returns what is wrong with its answer, nothing when it is right. */
export async function demonstrate(fault) {
  const begun = performance.now();
  tell(`demo of ${fault} …`);
  const { code, output } = await runTypeScript("demo/main.ts", ["--fault", fault, "--json"], {
    stdout: "pipe",
  });
  const problems = [...(code === 0 ? [] : [`exit code ${code}`]), ...judge(fault, output)];
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  tell(
    `${verdict} demo of ${fault} (${secondsSince(begun)})${problems.map((one) => `\n  ${one}`).join("")}`,
  );
  return problems;
}

/** What is wrong with the last line of the demo's output. */
export function judge(fault, output) {
  let result;
  try {
    result = JSON.parse(output.trimEnd().split("\n").at(-1));
  } catch {
    return [`the last line is no JSON: ${output.slice(-200)}`];
  }
  return [...missingFields(result), ...inconsistencies(fault, result)];
}

function missingFields(result) {
  const missing = FIELDS.filter((field) => !(field in result));
  for (const [field, names] of Object.entries(NESTED)) {
    missing.push(
      ...names.filter((name) => !(name in (result[field] ?? {}))).map((name) => `${field}.${name}`),
    );
  }
  return missing.map((field) => `${field} is missing`);
}

function inconsistencies(fault, result) {
  const problems = [];
  if (result.fault !== fault) {
    problems.push(`it is about ${result.fault}`);
  }
  if (!(result.requests?.sent > 0)) {
    problems.push("no requests were sent");
  }
  if (result.outcome === "rolled-back") {
    if (result.verified !== true) {
      problems.push("rolled back but not verified");
    }
    if (!(result.seconds?.toVerified <= result.seconds?.budget)) {
      problems.push(`verified after ${result.seconds?.toVerified} s, outside the budget`);
    }
  }
  return problems;
}
