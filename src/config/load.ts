import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { Failure, messageOf } from "../model/failure.ts";
import { crossCheck } from "./cross-checks.ts";
import type { Sections } from "./cross-checks.ts";
import { parseYaml } from "./document.ts";
import type { YamlDocument } from "./document.ts";
import type { Environment } from "./environment.ts";
import { explainIssue } from "./explain-issue.ts";
import { ConfigInvalid, formatPath } from "./problem.ts";
import type { Finding, Problem } from "./problem.ts";
import { resolveReferences } from "./references.ts";
import type { Resolved } from "./references.ts";
import { ConfigFile } from "./schema.ts";
import type { Config } from "./schema.ts";
import { configTree } from "./schema-tree.ts";
import { secretsOf, withoutSecrets } from "./secrets.ts";

const MAX_BYTES = 1024 * 1024;
const WRITABLE_BY_OTHERS = 0o022;

/** Reads the configuration and checks everything about it; throws `ConfigInvalid` with all problems at once. */
export async function loadConfig(path: string, environment: Environment): Promise<Config> {
  const file = resolve(path);
  const document = parseYaml(await readGuarded(file));
  const syntax = document.problems.map((problem) => syntaxProblem(file, problem));
  if (document.problems.some((problem) => !problem.readable)) {
    throw new ConfigInvalid(file, syntax);
  }
  const resolved = await resolveReferences(document.value ?? {}, environment);
  const parsed = ConfigFile.safeParse(resolved.value);
  const findings = [
    ...resolved.findings,
    ...issuesOf(parsed, document, resolved),
    ...crossCheck(parsed.success ? parsed.data : sectionsOf(resolved.value), environment),
  ];
  const problems = [...syntax, ...findings.map((one) => placed(one, file, document))];
  if (!parsed.success || problems.length > 0) {
    throw new ConfigInvalid(file, problems.toSorted(byPlace));
  }
  const secrets = secretsOf(parsed.data, resolved.secrets);
  const hash = createHash("sha256")
    .update(JSON.stringify(withoutSecrets(parsed.data, secrets)))
    .digest("hex");
  return { ...parsed.data, file, hash, secrets };
}

/** The file's text, unless others may write it: whoever writes it decides what rollwatch does. */
async function readGuarded(file: string): Promise<string> {
  const handle = await open(file, "r").catch((error: unknown) => {
    throw new Failure("config-invalid", `cannot read ${file}: ${messageOf(error)}`, {
      hint: "name the file with --config, or write one after config/rollwatch.yaml",
      cause: error,
    });
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile() || facts.size > MAX_BYTES) {
      throw new Failure("config-invalid", `${file} is no file of at most 1 MiB`, {
        hint: "name the configuration file with --config",
      });
    }
    if ((facts.mode & WRITABLE_BY_OTHERS) !== 0) {
      const mode = (facts.mode & 0o777).toString(8).padStart(4, "0");
      throw new Failure("state-exposed", `others may write ${file} (mode ${mode})`, {
        hint: `check its content, then: chmod go-w ${file}`,
      });
    }
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

function issuesOf(
  parsed: ReturnType<typeof ConfigFile.safeParse>,
  document: YamlDocument,
  resolved: Resolved,
): readonly Finding[] {
  if (parsed.success) {
    return [];
  }
  const tree = configTree();
  return parsed.error.issues
    .flatMap((issue) => explainIssue(issue, document.value, tree))
    .filter((finding) => !resolved.unresolved.has(formatPath(finding.path)));
}

/** The sections that are right by themselves, so that one fault does not hide those between others. */
function sectionsOf(value: unknown): Sections {
  const { application, signals, verify, notify, people, server, statusPage, state } =
    ConfigFile.shape;
  const raw =
    typeof value === "object" && value !== null ? new Map(Object.entries(value)) : new Map();
  return {
    application: application.safeParse(raw.get("application")).data,
    signals: signals.safeParse(raw.get("signals")).data,
    verify: verify.safeParse(raw.get("verify")).data,
    notify: notify.safeParse(raw.get("notify")).data,
    people: people.safeParse(raw.get("people")).data,
    server: server.safeParse(raw.get("server")).data,
    statusPage: statusPage.safeParse(raw.get("statusPage")).data,
    state: state.safeParse(raw.get("state")).data,
    database: raw.get("database"),
  };
}

function placed(finding: Finding, file: string, document: YamlDocument): Problem {
  const { path, expected, found, hint } = finding;
  const position = document.positionOf(path, finding.atKey === true);
  return { file, ...position, path: formatPath(path), expected, found, hint };
}

function syntaxProblem(file: string, problem: YamlDocument["problems"][number]): Problem {
  const { line, column, message, readable } = problem;
  return {
    file,
    line,
    column,
    path: "",
    expected: readable ? message : "valid YAML",
    found: readable ? "it again" : message,
    hint: readable ? "keep one of the two" : "mend the line, or quote the text on it",
  };
}

function byPlace(left: Problem, right: Problem): number {
  return left.line - right.line || left.column - right.column;
}
