import { dirname, join } from "node:path";
import type { Dump } from "../model/database-record.ts";
import { messageOf } from "../model/failure.ts";
import type { Files } from "../system/files.ts";
import type { Catalogue } from "./catalogue.ts";

interface DumpCheckPorts {
  readonly catalogue: Catalogue;
  readonly files: Files;
}

/** What is wrong with the database's snapshot of a release, each told as being about the database. Empty where none was asked for. */
export async function checkDatabaseRecord(
  { catalogue, files }: DumpCheckPorts,
  id: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  try {
    const record = await catalogue.readDatabase(id);
    if (record?.kind === "none") {
      return [`database: there is no snapshot: ${record.reason}`];
    }
    const problems =
      record?.kind === "dump" ? await checkDump(files, catalogue.folderOf(id), record, signal) : [];
    return problems.map((problem) => `database: ${problem}`);
  } catch (error) {
    signal.throwIfAborted();
    return [`database: its snapshot cannot be looked at: ${messageOf(error)}`];
  }
}

/** A file whose fingerprint stands is not read again: the kernel sets it at every write. */
async function checkDump(
  files: Files,
  folder: string,
  { file, fingerprint, digest, bytes, secureCopy, copyProblem }: Dump,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const isUntouched = (await files.fingerprint(folder, file, signal)) === fingerprint;
  const isSame = isUntouched || (await files.hash(join(folder, file))) === digest;
  const problems = [
    ...(isSame ? [] : [`the dump ${file} is not what was dumped`]),
    ...(copyProblem === null ? [] : [`it has no second copy: ${copyProblem}`]),
  ];
  if (secureCopy === null) {
    return problems;
  }
  const name = secureCopy.slice(dirname(secureCopy).length + 1);
  const [copy] = await files.listTree(dirname(secureCopy), name, signal);
  return copy?.bytes === bytes
    ? problems
    : [...problems, `its copy ${secureCopy} is ${copy === undefined ? "gone" : "cut"}`];
}
