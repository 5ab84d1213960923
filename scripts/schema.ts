import { writeFile } from "node:fs/promises";
import { configJsonSchema } from "../src/config/schema-tree.ts";

const target = new URL("../config/rollwatch.schema.json", import.meta.url);
await writeFile(target, `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
