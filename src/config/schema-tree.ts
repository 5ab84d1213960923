import { z } from "zod";
import { Duration, Ratio, Size } from "../model/units.ts";
import type { KeyPath } from "./problem.ts";
import { ConfigFile } from "./schema.ts";

/** The parts of a JSON Schema that describe a configuration; everything else in it is left out. */
export interface SchemaNode {
  readonly type?: string | undefined;
  readonly pattern?: string | undefined;
  readonly format?: string | undefined;
  readonly enum?: readonly unknown[] | undefined;
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, SchemaNode>> | undefined;
  readonly items?: SchemaNode | undefined;
  readonly additionalProperties?: SchemaNode | boolean | undefined;
  readonly oneOf?: readonly SchemaNode[] | undefined;
}

const SchemaNode: z.ZodType<SchemaNode> = z.lazy(() =>
  z.object({
    // A value of several types has a list here, and then none that could be named.
    type: z.string().optional().catch(undefined),
    pattern: z.string().optional(),
    format: z.string().optional(),
    enum: z.array(z.unknown()).optional(),
    const: z.unknown().optional(),
    properties: z.record(z.string(), SchemaNode).optional(),
    items: SchemaNode.optional(),
    additionalProperties: z.union([SchemaNode, z.boolean()]).optional(),
    oneOf: z.array(SchemaNode).optional(),
  }),
);

/** The JSON Schema of the configuration file, for editors. */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  return {
    title: "rollwatch configuration",
    description: "See docs/configuration.md.",
    ...z.toJSONSchema(ConfigFile, { io: "input" }),
  };
}

/** The configuration's shape as a tree that can be walked along paths. */
export function configTree(): SchemaNode {
  return SchemaNode.parse(configJsonSchema());
}

/** Every shape that may stand at a path: one, or several where a `kind` decides. */
export function shapesAt(root: SchemaNode, path: KeyPath): readonly SchemaNode[] {
  let shapes = alternatives(root);
  for (const part of path) {
    shapes = shapes.flatMap((shape) => childShapes(shape, part));
  }
  return shapes;
}

/** The keys that are known at a path. */
export function keysAt(root: SchemaNode, path: KeyPath): readonly string[] {
  return [...new Set(shapesAt(root, path).flatMap((one) => Object.keys(one.properties ?? {})))];
}

/** Whether a shape is a duration. */
export function isDuration(shape: SchemaNode): boolean {
  return shape.pattern !== undefined && shape.pattern === patternOf(Duration);
}

/** Whether a shape is a share such as `5%`. */
export function isRatio(shape: SchemaNode): boolean {
  return shape.pattern !== undefined && shape.pattern === patternOf(Ratio);
}

/** Whether a shape is a size such as `256MiB`. */
export function isSize(shape: SchemaNode): boolean {
  return shape.pattern !== undefined && shape.pattern === patternOf(Size);
}

function patternOf(text: z.ZodType): unknown {
  return z.toJSONSchema(text, { io: "input" }).pattern;
}

function childShapes(shape: SchemaNode, part: string | number): readonly SchemaNode[] {
  if (typeof part === "number") {
    return alternatives(shape.items);
  }
  const property = shape.properties?.[part];
  if (property !== undefined) {
    return alternatives(property);
  }
  return typeof shape.additionalProperties === "object"
    ? alternatives(shape.additionalProperties)
    : [];
}

function alternatives(shape: SchemaNode | undefined): readonly SchemaNode[] {
  if (shape === undefined) {
    return [];
  }
  return shape.oneOf?.flatMap(alternatives) ?? [shape];
}
