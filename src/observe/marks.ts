import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../system/clock.ts";
import type { Files } from "../system/files.ts";
import type { Ids } from "../system/ids.ts";

/** Something of rollwatch's own that may lie in the application. */
export interface Mark {
  /** Such as `rollwatch-5f0c…`: unguessable, and recognisable for people. */
  readonly mark: string;
  /** When it was made, ms since the epoch; it is on the disk before anything is sent. */
  readonly at: number;
}

/**
 * The marks of which something may still lie in the application, kept on the disk.
 *
 * States: made (nothing was sent yet, or everything was) -> forgotten (cleaned up, and too old for anything to come late).
 */
export interface Marks {
  /** Of a signal, oldest first. Throws when they cannot be read. */
  list(signal: string): Promise<readonly Mark[]>;
  /** A new one; it is synced when this returns. */
  make(signal: string): Promise<Mark>;
  /** Nothing of it is left, and nothing can come any more. */
  forget(signal: string, mark: Mark): Promise<void>;
  /** The signals that have some. */
  signals(): Promise<readonly string[]>;
}

const Marked = z.array(z.object({ mark: z.string(), at: z.number() }));
const EXTENSION = ".json";

/** The marks in a folder of the state, one file per signal. */
export function openMarks(
  { files, ids, clock }: { readonly files: Files; readonly ids: Ids; readonly clock: Clock },
  state: string,
): Marks {
  const folder = join(state, "synthetic");

  function place(signal: string): string {
    return join(folder, `${signal}${EXTENSION}`);
  }

  async function list(signal: string): Promise<readonly Mark[]> {
    const text = await files.readText(place(signal));
    return text === undefined ? [] : Marked.parse(JSON.parse(text));
  }

  async function write(signal: string, marks: readonly Mark[]): Promise<void> {
    if (marks.length === 0) {
      await files.remove(place(signal));
      return;
    }
    await files.makeFolder(folder, 0o700);
    await files.writeAtomic(place(signal), JSON.stringify(marks), 0o600);
  }

  return {
    list,
    make: async (signal) => {
      const mark = { mark: `rollwatch-${ids.token()}`, at: clock.now() };
      await write(signal, [...(await list(signal)), mark]);
      return mark;
    },
    forget: async (signal, { mark }) => {
      await write(
        signal,
        (await list(signal)).filter((one) => one.mark !== mark),
      );
    },
    signals: async () => {
      const names = await files.list(folder);
      return names
        .filter((name) => name.endsWith(EXTENSION) && !name.startsWith("."))
        .map((name) => name.slice(0, -EXTENSION.length));
    },
  };
}
