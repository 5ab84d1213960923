import type { Clock } from "../../../src/system/clock.ts";
import type { Files } from "../../../src/system/files.ts";
import { type Inbox, openInbox } from "../../../src/system/inbox.ts";

/** Files of which only texts are kept, in memory. */
export function memoryTexts(
  texts: Map<string, string> = new Map(),
): Pick<Files, "readText" | "writeAtomic"> {
  return {
    readText: async (path) => texts.get(path),
    writeAtomic: async (path, content) => {
      texts.set(path, content);
    },
  };
}

/** The real inbox over files in memory. */
export function memoryInbox(clock: Clock, texts?: Map<string, string>): Inbox {
  return openInbox("/inbox.json", { clock, files: memoryTexts(texts) });
}
