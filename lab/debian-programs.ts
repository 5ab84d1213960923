import { access, constants, readdir } from "node:fs/promises";
import path from "node:path";
import { run } from "./command.ts";
import { constructedEnvironment } from "./environment.ts";

const FETCH_LIMIT_MS = 120_000;

/**
 * The paths of programs of a Debian package: from PATH, or where it is not installed from the package itself, unpacked into
 * the folder, with those of the libraries it needs. Without both it throws: a test beside them must not pass without them.
 */
export async function programsOf<Name extends string>(
  debianPackage: string,
  names: readonly Name[],
  folder: string,
  libraries: readonly string[] = [],
): Promise<Readonly<Record<Name, string>>> {
  const installed = await findIn(names, (process.env["PATH"] ?? "").split(path.delimiter));
  if (installed !== undefined) {
    return installed;
  }
  const unpacked = await unpack([...libraries, debianPackage], folder).catch((error: unknown) => {
    throw new Error(
      `${names.join(" and ")} are not in PATH: install Debian's package ${debianPackage}`,
      { cause: error },
    );
  });
  const found = await findIn(names, [
    path.join(unpacked, "usr", "bin"),
    path.join(unpacked, "usr", "sbin"),
  ]);
  if (found === undefined) {
    throw new Error(`Debian's package ${debianPackage} has no ${names.join(" and ")}`);
  }
  return found;
}

async function unpack(packages: readonly string[], folder: string): Promise<string> {
  const how = { cwd: folder, env: constructedEnvironment(), timeoutMs: FETCH_LIMIT_MS };
  const unpacked = path.join(folder, "unpacked");
  await run("apt-get", ["download", "-q", ...packages], how);
  for (const one of packages) {
    const file = (await readdir(folder)).find((name) => name.startsWith(`${one}_`));
    await run("dpkg-deb", ["-x", file ?? one, unpacked], how);
  }
  return unpacked;
}

async function findIn<Name extends string>(
  names: readonly Name[],
  folders: readonly string[],
): Promise<Readonly<Record<Name, string>> | undefined> {
  const found: Partial<Record<Name, string>> = {};
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (found[name] === undefined && (await isExecutable(file))) {
        found[name] = file;
      }
    }
  }
  return isWhole(found, names) ? found : undefined;
}

function isWhole<Name extends string>(
  found: Partial<Record<Name, string>>,
  names: readonly Name[],
): found is Record<Name, string> {
  return names.every((name) => found[name] !== undefined);
}

async function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}
