import { stringify } from "yaml";
import { formatDuration, formatRatio, formatSize } from "../model/units.ts";
import type { KeyPath } from "./problem.ts";
import type { Config } from "./schema.ts";
import { configTree, isDuration, isRatio, isSize, shapesAt } from "./schema-tree.ts";
import type { SchemaNode } from "./schema-tree.ts";
import { withoutSecrets } from "./secrets.ts";

/** The effective configuration as it would be written in the file, every default filled in, secrets masked. */
export function effectiveConfig(config: Config): unknown {
  const { file: _file, hash: _hash, secrets, ...settings } = config;
  return asWritten(withoutSecrets(settings, secrets), [], configTree());
}

/** The effective configuration as YAML. */
export function printConfig(config: Config): string {
  return stringify(effectiveConfig(config), { lineWidth: 0 });
}

function asWritten(value: unknown, path: KeyPath, tree: SchemaNode): unknown {
  const shapes = shapesAt(tree, path);
  if (typeof value === "number") {
    return numberAsWritten(value, shapes);
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => asWritten(item, [...path, index], tree));
  }
  if (typeof value !== "object" || value === null) {
    return value;
  }
  if (shapes.every((shape) => shape.type === "string")) {
    return parsedText(value);
  }
  const entries = Object.entries(value);
  return Object.fromEntries(
    entries.map(([key, item]) => [key, asWritten(item, [...path, key], tree)]),
  );
}

function numberAsWritten(value: number, shapes: readonly SchemaNode[]): unknown {
  if (shapes.some(isDuration)) {
    return formatDuration(value);
  }
  if (shapes.some(isRatio)) {
    return formatRatio(value);
  }
  return shapes.some(isSize) ? formatSize(value) : value;
}

/** The two texts that parsing takes apart: a window and a listen address. */
function parsedText(value: object): unknown {
  if ("kind" in value) {
    return "ms" in value && typeof value.ms === "number" ? formatDuration(value.ms) : value.kind;
  }
  return "host" in value && "port" in value ? `${String(value.host)}:${String(value.port)}` : value;
}
