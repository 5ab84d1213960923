import { unlessAborted } from "../system/abort.ts";

/**
 * Keeps readings of rollwatch's own out of snapshots of the database: while one is made nothing is posted, and it is not begun
 * before what was posted is deleted.
 *
 * States: free -> posting -> free; free or posting -> held (by each snapshot that is made or waits to be) -> free.
 */
export interface Apart {
  /** Posts, waits and cleans up; undefined, with nothing done, while it is held. */
  post<Result>(run: () => Promise<Result>): Promise<Result | undefined>;
  /** Waits until nothing is posted, and makes a snapshot while nothing is. */
  snapshot<Result>(make: () => Promise<Result>, signal: AbortSignal): Promise<Result>;
}

/** Free. */
export function openApart(): Apart {
  const posting = new Set<Promise<unknown>>();
  let holders = 0;
  return {
    post: async (run) => {
      if (holders > 0) {
        return undefined;
      }
      const work = run();
      posting.add(work);
      try {
        return await work;
      } finally {
        posting.delete(work);
      }
    },
    snapshot: async (make, signal) => {
      signal.throwIfAborted();
      holders += 1;
      try {
        await unlessAborted(Promise.allSettled(posting), signal);
        return await make();
      } finally {
        holders -= 1;
      }
    },
  };
}
