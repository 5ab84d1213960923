import { createHash } from "node:crypto";
import type { Plan } from "../model/plan.ts";

/** sha256 in hex over the whole plan, whatever the order of its keys: what an approval is bound to. */
export function planHash(plan: Plan): string {
  return createHash("sha256").update(canonical(plan)).digest("hex");
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map(canonical).join(",")}]`;
  }
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value)
      .filter(([, item]) => item !== undefined)
      .toSorted(([one], [other]) => (one < other ? -1 : 1));
    return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join(",")}}`;
  }
  return JSON.stringify(value);
}
