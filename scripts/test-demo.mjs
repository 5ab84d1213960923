import { access, readdir } from "node:fs/promises";
import path from "node:path";
import { parseArgs } from "node:util";
import { demonstrate } from "./demo-result.mjs";
import { main, ROOT, run, secondsSince, tell } from "./run.mjs";
import { setUp } from "./setup.mjs";

const HELP = `npm run test:demo -- [options]

  --only ID       this fault alone; may be given several times
  --user NAME     as this user alone: self, or nobody (for which you must be root). Default: both as root, else self
  --jobs N        this many at the same time; each is by itself, but a busy machine measures late. Default 1
`;
const OPTIONS = {
  only: { type: "string", multiple: true },
  user: { type: "string", multiple: true },
  jobs: { type: "string", default: "1" },
  help: { type: "boolean", short: "h", default: false },
};
/** Faults that are shown a second time, with the approvals that they wait for. */
const APPROVED = new Set(["data-corruption", "error-rate-migration"]);
const COLUMNS = ["fault", "user", "", "outcome", "cause", "breach", "verified", "budget", "took"];

/** The demo of every fault, as root and as another user; prints a table, and fails when any is wrong. */
await main(async (args) => {
  const { values, positionals } = parseArgs({ args, options: OPTIONS, allowPositionals: true });
  if (values.help) {
    tell(HELP);
    return 0;
  }
  const begun = performance.now();
  await setUp();
  const faults = await chosenFaults([...(values.only ?? []), ...positionals]);
  const users = await chosenUsers(values.user);
  const demos = users.flatMap((user) => faults.map((one) => ({ ...one, user })));
  const rows = await tryAll(demos, jobsOf(values.jobs));
  const wrong = rows.filter((row) => row[2] !== "ok").length;
  tell(table([COLUMNS, ...rows]));
  const verdict =
    wrong === 0 ? `all ${rows.length} demos are right` : `${wrong} of ${rows.length} are wrong`;
  tell(`test:demo: ${verdict} (${secondsSince(begun)})`);
  return wrong === 0 ? 0 : 1;
});

function jobsOf(text) {
  const jobs = Number(text);
  if (!Number.isInteger(jobs) || jobs < 1) {
    throw new Error(`--jobs is ${text}: expected a number from 1`);
  }
  return jobs;
}

/** The rows of all demos, in their order; never more than `jobs` of them run at the same time. */
async function tryAll(demos, jobs) {
  const rows = [];
  let next = 0;
  async function work() {
    while (next < demos.length) {
      const place = next;
      next += 1;
      const { fault, args, user } = demos[place];
      rows[place] = await tryOut(fault, args, user);
    }
  }
  await Promise.all(Array.from({ length: jobs }, work));
  return rows;
}

async function chosenFaults(only) {
  const known = (await readdir(path.join(ROOT, "examples/radiation-health/releases"))).toSorted();
  const strange = only.filter((fault) => !known.includes(fault));
  if (strange.length > 0) {
    throw new Error(`there is no fault ${strange.join(", ")}; there are ${known.join(", ")}`);
  }
  return (only.length > 0 ? only : known).flatMap((fault) => [
    { fault, args: [] },
    ...(APPROVED.has(fault) ? [{ fault, args: ["--approve"] }] : []),
  ]);
}

async function chosenUsers(names = process.getuid?.() === 0 ? ["self", "nobody"] : ["self"]) {
  return Promise.all(
    names.map(async (name) => {
      if (name === "self") {
        return { name: process.env.USER ?? "self", how: {} };
      }
      const user = { uid: await idOf("-u", name), gid: await idOf("-g", name) };
      // The user's own home is not for us to write into, and need not exist.
      const how = { user, env: { HOME: "/nonexistent", USER: name } };
      await assertReadable(name, how);
      return { name, how };
    }),
  );
}

async function idOf(option, name) {
  const { code, output } = await run("id", [option, name], { quiet: true });
  if (code !== 0) {
    throw new Error(`there is no user ${name} here: choose with --user`);
  }
  return Number(output);
}

async function assertReadable(name, how) {
  const file = path.join(ROOT, "package.json");
  await access(file);
  const script = `require("node:fs").accessSync(${JSON.stringify(file)})`;
  const { code } = await run(process.execPath, ["-e", script], { quiet: true, ...how });
  if (code !== 0) {
    throw new Error(
      `${name} may not read ${ROOT}: move the clone to where others may read, or use --user self`,
    );
  }
}

async function tryOut(fault, args, { name, how }) {
  const begun = performance.now();
  const { problems, result } = await demonstrate(fault, { args, ...how });
  const { toBreach, toVerified, budget } = result?.seconds ?? {};
  return [
    [fault, ...args].join(" "),
    name,
    problems.length === 0 ? "ok" : "WRONG",
    result?.outcome ?? "-",
    result?.cause ?? "-",
    ...[toBreach, toVerified, budget].map((seconds) => (seconds ?? "-").toString()),
    secondsSince(begun),
  ];
}

function table(rows) {
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
