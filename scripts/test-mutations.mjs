import { cp, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { main, ROOT, run, tell } from "./run.mjs";

const COPIED = ["src", "test", "package.json", "tsconfig.json", "vitest.config.ts"];

/** Breaks each line of `test/mutations.json` in a copy of the clone: the named test must be green before and red after. */
await main(async () => {
  const mutations = JSON.parse(await readFile(path.join(ROOT, "test/mutations.json"), "utf8"));
  const copy = await mkdtemp(path.join(tmpdir(), "rwM-"));
  try {
    for (const name of COPIED) {
      await cp(path.join(ROOT, name), path.join(copy, name), { recursive: true });
    }
    await symlink(path.join(ROOT, "node_modules"), path.join(copy, "node_modules"));
    let survived = 0;
    for (const mutation of mutations) {
      const verdict = await tryOut(copy, mutation);
      survived += verdict === "red" ? 0 : 1;
      tell(
        `${verdict === "red" ? "ok    " : "FAILED"} ${mutation.file}: ${mutation.meaning} ${verdict}`,
      );
    }
    return survived === 0 ? 0 : 1;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
});

async function tryOut(copy, mutation) {
  const file = path.join(copy, mutation.file);
  const source = await readFile(file, "utf8");
  if ((await colourOf(copy, mutation)) !== "green") {
    return "is no use: the test is not green without it";
  }
  await writeFile(
    file,
    source.replace(mutation.from, () => mutation.to),
  );
  try {
    return await colourOf(copy, mutation);
  } finally {
    await writeFile(file, source);
  }
}

/** What became of the one test of that name. */
async function colourOf(copy, { test, name }) {
  const report = path.join(copy, "report.json");
  const pattern = `^${name.replaceAll(/[.*+?^${}()|[\]\\]/gu, String.raw`\$&`)}$`;
  const vitest = path.join(ROOT, "node_modules/vitest/vitest.mjs");
  const args = ["run", "--root", copy, "--project", "unit", "--reporter=json"];
  await run(process.execPath, [vitest, ...args, `--outputFile=${report}`, test, "-t", pattern], {
    quiet: true,
  });
  const { testResults } = JSON.parse(await readFile(report, "utf8"));
  await rm(report);
  const states = testResults
    .flatMap((one) => one.assertionResults)
    .filter((one) => one.fullName === name)
    .map((one) => one.status);
  return { passed: "green", failed: "red" }[states.length === 1 ? states[0] : "absent"] ?? "absent";
}
