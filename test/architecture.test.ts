import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const SRC = resolve(import.meta.dirname, "../src");

/** Who may import whom; the table of docs/architecture.md as code. A folder may always import itself and model. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  judge: [],
  decide: [],
  system: [],
  journal: ["system"],
  observe: ["system"],
  release: ["system", "journal"],
  recover: ["system", "journal", "release"],
  verify: ["system", "observe", "judge"],
  notify: ["system", "journal"],
  config: ["system/files.ts", "*/settings"],
  replay: ["judge", "decide"],
  incident: ["journal/fold.ts"],
  metrics: [],
  api: [],
  instrument: [],
  cli: ["config", "api/contract.ts", "api/people.ts", "judge/explain.ts"],
  app: ["*"],
  "main.ts": ["app", "cli", "config/environment.ts", "system/clock.ts"],
};

/** Files that hold the settings which config composes. */
const SETTINGS_FILES: ReadonlySet<string> = new Set([
  "decide/policy.ts",
  "release/migration-settings.ts",
  "release/settings.ts",
  "verify/settings.ts",
  "notify/settings.ts",
  "notify/status-page/settings.ts",
  "observe/probes/index.ts",
]);

/** Folders and files without any contact to the outside world. */
const PURE = [
  "model/",
  "judge/",
  "decide/",
  "replay/",
  "incident/",
  "recover/plan.ts",
  "recover/plan-restart.ts",
  "recover/plan-configuration.ts",
  "recover/process-environment.ts",
  "recover/next-step.ts",
  "journal/fold.ts",
  "notify/route.ts",
  "notify/notices",
  "notify/status-page",
  "release/retention.ts",
  "verify/progress.ts",
];

const IMPURE_WORDS =
  /\bDate\.now\b|\bnew Date\(\s*\)|\bMath\.random\b|\bsetTimeout\b|\bsetInterval\b|\bperformance\.|\bfetch\(|\bprocess\.|from "node:/u;

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) {
      return sourceFiles(path);
    }
    return name.endsWith(".ts") && !name.endsWith(".d.ts") ? [path] : [];
  });
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const specifiers = [...text.matchAll(/(?:from|import)\s+"(\.[^"]+)"/gu)].map(
    (match) => match[1] ?? "",
  );
  return specifiers.map((specifier) => relative(SRC, resolve(dirname(file), specifier)));
}

function folderOf(path: string): string {
  return path.split("/")[0] ?? path;
}

function isAllowed(from: string, to: string): boolean {
  const folder = folderOf(from);
  const target = folderOf(to);
  if (folder === target || target === "model") {
    return true;
  }
  const allowed = MAY_IMPORT[folder] ?? [];
  return allowed.some(
    (rule) =>
      rule === "*" ||
      rule === target ||
      rule === to ||
      (rule === "*/settings" && SETTINGS_FILES.has(to)),
  );
}

const files = sourceFiles(SRC);

describe("the import table", () => {
  it("knows every folder of src", () => {
    const folders = new Set(files.map((file) => folderOf(relative(SRC, file))));

    expect([...folders].filter((folder) => MAY_IMPORT[folder] === undefined)).toEqual([]);
  });

  it("is kept by every import", () => {
    const broken = files.flatMap((file) => {
      const from = relative(SRC, file);
      return importsOf(file)
        .filter((to) => !isAllowed(from, to))
        .map((to) => `${from} imports ${to}`);
    });

    expect(broken).toEqual([]);
  });

  it("resolves every import to a file that exists", () => {
    const missing = files.flatMap((file) =>
      importsOf(file).filter((to) => !files.includes(join(SRC, to)) && !to.endsWith(".d.ts")),
    );

    expect(missing).toEqual([]);
  });
});

describe("the pure core", () => {
  it("touches no clock, no randomness, no timer, no process and no node module", () => {
    const impure = files
      .map((file) => relative(SRC, file))
      .filter((path) => PURE.some((pure) => path.startsWith(pure)))
      .filter((path) => {
        const code = readFileSync(join(SRC, path), "utf8").replaceAll(
          /\/\*[\s\S]*?\*\/|\/\/.*/gu,
          "",
        );
        return IMPURE_WORDS.test(code);
      });

    expect(impure).toEqual([]);
  });

  it("exists where the table says so", () => {
    const absent = PURE.filter(
      (pure) => !files.some((file) => relative(SRC, file).startsWith(pure)),
    );

    expect(absent).toEqual([]);
  });
});

describe("plug-ins", () => {
  const kinds = [
    { folder: "observe/probes", document: "docs/configuration.md" },
    { folder: "notify/channels", document: "docs/configuration.md" },
    { folder: "decide/guards", document: "docs/decision-table.md" },
    { folder: "recover/steps", document: "docs/recovery.md" },
  ];

  it.each(kinds)("of $folder each have a row in $document", ({ folder, document }) => {
    const text = readFileSync(resolve(SRC, "..", document), "utf8");
    const plugIns = readdirSync(join(SRC, folder))
      .filter((name) => name !== "index.ts")
      .map((name) => name.replace(/\.ts$/u, ""));

    expect(plugIns.length).toBeGreaterThan(0);
    expect(plugIns.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });
});
