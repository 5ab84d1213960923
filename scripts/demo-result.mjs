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

/**
 * Runs the demo of one fault as a program does.
 *
 * @param {string} fault
 * @param {{ args?: readonly string[], user?: { uid: number, gid: number }, env?: NodeJS.ProcessEnv }} [how] `args`: more
 *   options of the demo; `user`: who runs it, if not the present one
 * @returns {Promise<{ problems: readonly string[], result: object | undefined }>} no problems when its answer is right
 */
export async function demonstrate(fault, { args = [], ...how } = {}) {
  const begun = performance.now();
  const name = [fault, ...args].join(" ");
  tell(`demo of ${name} …`);
  const options = ["--fault", fault, "--json", ...args];
  const { code, output } = await runTypeScript("demo/main.ts", options, { stdout: "pipe", ...how });
  const { problems: told, result } = judge(fault, output);
  const problems = [...(code === 0 ? [] : [`exit code ${code}`]), ...told];
  const verdict = problems.length === 0 ? "ok    " : "FAILED";
  tell(
    `${verdict} demo of ${name} (${secondsSince(begun)})${problems.map((one) => `\n  ${one}`).join("")}`,
  );
  return { problems, result };
}

/** The result in the last line of the demo's output, and what is wrong with it. */
function judge(fault, output) {
  let result;
  try {
    result = JSON.parse(output.trimEnd().split("\n").at(-1));
  } catch {
    return { problems: [`the last line is no JSON: ${output.slice(-200)}`] };
  }
  return { problems: [...missingFields(result), ...inconsistencies(fault, result)], result };
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
