const OUTPUT_LIMIT_BYTES = 1024 * 1024;

/** What a stream said so far. */
export interface Collected {
  readonly text: () => string;
  readonly isTruncated: () => boolean;
}

/** Keeps the first MiB of a stream. */
export function collect(stream: NodeJS.ReadableStream): Collected {
  const chunks: Buffer[] = [];
  let size = 0;
  let truncated = false;
  stream.on("data", (chunk: Buffer) => {
    const kept = chunk.subarray(0, OUTPUT_LIMIT_BYTES - size);
    truncated ||= kept.length < chunk.length;
    if (kept.length > 0) {
      // Also an empty part of a chunk would keep all of its memory.
      size += kept.length;
      chunks.push(kept);
    }
  });
  stream.on("error", () => undefined);
  return { text: () => Buffer.concat(chunks).toString("utf8"), isTruncated: () => truncated };
}
