import { dirname, join } from "node:path";
import { Failure } from "../model/failure.ts";
import type { Files } from "../system/files.ts";

/**
 * The absolute path of `path` under `root`, refused when something on the way is a link or no folder: a rename through a
 * link would reach outside the root. The last part may be a link (it is moved as one); the root itself is the operator's.
 */
export async function confine(files: Files, root: string, path: string): Promise<string> {
  const parts = path.split("/");
  if (path === "" || parts.some((part) => part === "" || part === "." || part === "..")) {
    throw refused(path, `${JSON.stringify(path)} is no plain path inside ${root}`);
  }
  for (let parent = dirname(path); parent !== "."; parent = dirname(parent)) {
    const kind = await files.kind(join(root, parent));
    if (kind !== "directory" && kind !== "absent") {
      throw refused(path, `${join(root, parent)} is a ${kind}, not a folder`);
    }
  }
  return join(root, path);
}

function refused(path: string, message: string): Failure {
  return new Failure("path-refused", message, {
    hint: `Name the real path of ${path} in \`artifacts\` and \`configFiles\`, without links on the way.`,
  });
}
