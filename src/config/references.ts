import { readFile } from "node:fs/promises";
import { messageOf } from "../model/failure.ts";
import type { Environment } from "./environment.ts";
import { formatPath } from "./problem.ts";
import type { Finding, KeyPath } from "./problem.ts";

/** The configuration with every reference replaced by what it refers to. */
export interface Resolved {
  readonly value: unknown;
  readonly findings: readonly Finding[];
  /** Paths whose reference led nowhere; nothing else is said about them. */
  readonly unresolved: ReadonlySet<string>;
  /** Values that are secret because of where they came from. */
  readonly secrets: readonly string[];
}

/** `$${NAME}` stands for the text `${NAME}` itself. */
const REFERENCE = /(\$?)\$\{([^}]*)\}/gu;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/u;
const SECRET_VARIABLE = /PASSWORD|SECRET|TOKEN|CREDENTIAL|(^|_)KEY$/iu;

interface Collector {
  readonly environment: Environment;
  readonly findings: Finding[];
  readonly secrets: string[];
}

/** Replaces `${NAME}` inside texts and `file:/path` as whole texts, reporting all that lead nowhere. */
export async function resolveReferences(raw: unknown, environment: Environment): Promise<Resolved> {
  const collector: Collector = { environment, findings: [], secrets: [] };
  const value = await resolved(raw, [], collector);
  const unresolved = new Set(collector.findings.map((finding) => formatPath(finding.path)));
  return { value, findings: collector.findings, unresolved, secrets: collector.secrets };
}

async function resolved(value: unknown, path: KeyPath, collector: Collector): Promise<unknown> {
  if (typeof value === "string") {
    return value.startsWith("file:/")
      ? fromFile(value, path, collector)
      : fromEnvironment(value, path, collector);
  }
  if (Array.isArray(value)) {
    return Promise.all(
      value.map(async (item: unknown, index) => resolved(item, [...path, index], collector)),
    );
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).map(
      async ([key, item]) => [key, await resolved(item, [...path, key], collector)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  }
  return value;
}

async function fromFile(reference: string, path: KeyPath, collector: Collector): Promise<string> {
  const file = reference.slice("file:".length);
  try {
    const content = (await readFile(file, "utf8")).replace(/\r?\n$/u, "");
    collector.secrets.push(content);
    return content;
  } catch (error) {
    collector.findings.push({
      path,
      expected: `a readable file at ${file}`,
      found: messageOf(error),
      hint: "create the file, readable for rollwatch's user only",
    });
    return reference;
  }
}

function fromEnvironment(text: string, path: KeyPath, collector: Collector): string {
  return text.replaceAll(REFERENCE, (whole: string, escape: string, name: string) => {
    if (escape !== "") {
      return whole.slice(1);
    }
    const value = VARIABLE.test(name) ? collector.environment[name] : undefined;
    if (value === undefined || value === "") {
      collector.findings.push(missingVariable(name, path, value));
      return whole;
    }
    if (SECRET_VARIABLE.test(name)) {
      collector.secrets.push(value);
    }
    return value;
  });
}

function missingVariable(name: string, path: KeyPath, value: string | undefined): Finding {
  if (!VARIABLE.test(name)) {
    return {
      path,
      expected: "${NAME} with letters, digits and underscores",
      found: "another name in the braces",
      hint: "write $${…} where the braces are meant literally",
    };
  }
  return {
    path,
    expected: `the environment variable ${name}`,
    found: value === undefined ? "it is not set" : "it is empty",
    hint: `set ${name} for rollwatch, or write the value or file:/path here`,
  };
}
