import { readFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./run.mjs";

/** Of one test, so that a few failures fit on a screen. */
const LENGTH = 600;

/**
 * What failed according to a file that vitest's JSON reporter wrote: a paragraph for each test, or for a file that could not
 * be run.
 *
 * @param {string} file
 * @returns {Promise<string>}
 */
export async function failuresOf(file) {
  const text = await readFile(file, "utf8").catch((error) => {
    if (error.code === "ENOENT") {
      return undefined;
    }
    throw error;
  });
  if (text === undefined) {
    return "vitest ended before it wrote what failed";
  }
  const paragraphs = JSON.parse(text).testResults.flatMap((result) => {
    const name = path.relative(ROOT, result.name);
    const failed = result.assertionResults.filter(({ status }) => status === "failed");
    const told = failed.map(
      ({ fullName, failureMessages }) =>
        `FAILED ${name}: ${fullName}\n${shortened(failureMessages.join("\n"))}`,
    );
    return told.length === 0 && result.status === "failed"
      ? [`FAILED ${name}\n${shortened(result.message)}`]
      : told;
  });
  return paragraphs.join("\n");
}

function shortened(text) {
  return text.length <= LENGTH ? text : `${text.slice(0, LENGTH)} …`;
}
