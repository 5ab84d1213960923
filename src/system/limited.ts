/** Runs `work` on every item, at most `limit` at a time; the first failure or abort stops the rest and is thrown. */
export async function forEachLimited<T>(
  items: Iterable<T>,
  limit: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items[Symbol.iterator]();
  let failed = false;
  async function drain(): Promise<void> {
    for (let next = queue.next(); next.done !== true && !failed; next = queue.next()) {
      try {
        signal.throwIfAborted();
        await work(next.value);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  const lanes = await Promise.allSettled(Array.from({ length: limit }, drain));
  for (const lane of lanes) {
    if (lane.status === "rejected") {
      throw lane.reason;
    }
  }
}
