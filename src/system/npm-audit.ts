import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { Failure } from "../model/failure.ts";
import type { Processes } from "./process.ts";
import { type Finished, PROBE_GRACE_MS } from "./process-run.ts";

/** How grave an advisory is, gravest last. */
export const ADVISORY_LEVELS = ["low", "moderate", "high", "critical"] as const;

/** What a release depends on: the content of its lock file, and of its package.json where there is one. */
export interface Dependencies {
  readonly lockfile: string;
  readonly manifest?: string;
}

/** What is known against a package. All of it is foreign text but for the level. */
export interface Advisory {
  /** Tells it from others, together with the package. */
  readonly id: string;
  readonly package: string;
  readonly title: string;
  readonly level: (typeof ADVISORY_LEVELS)[number];
}

/** The advisories that concern what a release depends on. */
export type Audit =
  | { readonly kind: "audited"; readonly advisories: readonly Advisory[] }
  /** Nobody could say: no npm, no network, no registry, no valid answer. */
  | { readonly kind: "failed"; readonly detail: string };

/** How to ask. */
export interface AuditOptions {
  /** Default: the one that npm is configured for. */
  readonly registry?: string;
  readonly timeoutMs: number;
}

/** The advisories of a registry of packages. */
export interface Audits {
  audit(of: Dependencies, options: AuditOptions, signal: AbortSignal): Promise<Audit>;
}

/** Audits that remember what they were last told of what a release depends on. */
export interface RememberingAudits extends Audits {
  /** undefined when nobody ever said. */
  known(of: Dependencies): readonly Advisory[] | undefined;
}

/** Releases whose advisories are remembered. */
const MOST_REMEMBERED = 16;

/** Remembers each answer until this process ends. */
export function rememberAudits(audits: Audits): RememberingAudits {
  const answers = new Map<string, readonly Advisory[]>();
  return {
    audit: async (of, options, signal) => {
      const audit = await audits.audit(of, options, signal);
      if (audit.kind === "audited") {
        remember(answers, keyOf(of), audit.advisories);
      }
      return audit;
    },
    known: (of) => answers.get(keyOf(of)),
  };
}

function remember(
  answers: Map<string, readonly Advisory[]>,
  key: string,
  advisories: readonly Advisory[],
): void {
  answers.delete(key);
  answers.set(key, advisories);
  const [oldest] = answers.keys();
  if (answers.size > MOST_REMEMBERED && oldest !== undefined) {
    answers.delete(oldest);
  }
}

function keyOf({ lockfile, manifest }: Dependencies): string {
  return createHash("sha256")
    .update(JSON.stringify([lockfile, manifest]))
    .digest("hex");
}

/** Audits by the npm program, of lock files alone: in an empty folder, so that no package is there to run anything. */
export function openAudits(
  processes: Processes,
  environment: Readonly<Record<string, string>>,
): Audits {
  return {
    audit: async (of, options, signal) => {
      signal.throwIfAborted();
      const folder = await mkdtemp(join(tmpdir(), "rollwatch-audit-"));
      try {
        await writeFile(join(folder, "package-lock.json"), of.lockfile);
        await writeFile(join(folder, "package.json"), of.manifest ?? "{}");
        const command = {
          program: "npm",
          args: argumentsOf(folder),
          cwd: folder,
          env: { ...environment, ...registryOf(options) },
          deadlineMs: options.timeoutMs,
          graceMs: PROBE_GRACE_MS,
          endsEscaped: true,
        };
        return auditOf(await processes.run(command, signal));
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Failure) {
          return { kind: "failed", detail: error.message };
        }
        throw error;
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

/** Said here, so that no configuration of the user or the machine can turn the question off. */
function argumentsOf(folder: string): readonly string[] {
  return [
    "audit",
    "--json",
    "--package-lock-only",
    "--omit=dev",
    "--ignore-scripts",
    "--audit=true",
    "--offline=false",
    "--fetch-retries=0",
    "--update-notifier=false",
    "--logs-max=0",
    `--cache=${join(folder, "cache")}`,
  ];
}

/** Not as an argument, which everybody on the machine may read: there may be a password in it. */
function registryOf({ registry }: AuditOptions): Readonly<Record<string, string>> {
  return registry === undefined ? {} : { npm_config_registry: registry };
}

const Found = z.object({
  source: z.union([z.number(), z.string()]),
  name: z.string(),
  title: z.string().default("without a title"),
  severity: z.enum(["info", ...ADVISORY_LEVELS]),
});

/** What `npm audit --json` prints; a package that only depends on another one names it in `via`. */
const Report = z.object({
  auditReportVersion: z.literal(2),
  vulnerabilities: z.record(z.string(), z.object({ via: z.array(z.union([z.string(), Found])) })),
});

const Refusal = z.object({ message: z.string() });

function auditOf(finished: Finished): Audit {
  if (finished.kind !== "exited") {
    const detail = finished.kind === "not-found" ? "there is no npm" : "npm took too long";
    return { kind: "failed", detail };
  }
  const printed = parseJson(finished.stdout);
  const report = Report.safeParse(printed);
  if (!report.success || finished.truncated) {
    const refusal = Refusal.safeParse(printed);
    const detail = refusal.success ? refusal.data.message : "npm printed no report";
    return { kind: "failed", detail };
  }
  const found = Object.values(report.data.vulnerabilities).flatMap(({ via }) => via);
  return { kind: "audited", advisories: found.flatMap(advisoryOf) };
}

function advisoryOf(found: string | z.infer<typeof Found>): readonly Advisory[] {
  if (typeof found === "string" || found.severity === "info") {
    return [];
  }
  const { source, name, title, severity } = found;
  return [{ id: String(source), package: name, title, level: severity }];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
