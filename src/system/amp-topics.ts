/**
 * Reads pm2's bus, which carries every line that the applications log: framed messages of some arguments, the first of which
 * is the topic. Only messages of one topic are kept and parsed, the others are passed over without being copied.
 */
export interface TopicReader {
  /** Takes what arrived, and tells the bodies of the wanted messages that it completes. Throws where it is no such stream. */
  take(chunk: Buffer): void;
}

const VERSION = 1;
/** A message of the wanted topic that is larger is passed over. */
const MAX_BODY_BYTES = 1024 * 1024;
/** Before an argument that is JSON, and before one that is a text. */
const JSON_PREFIX = "j:";
const TEXT_PREFIX = "s:";

/** The bytes that are needed next; those that nobody keeps arrive empty. */
interface Wanted {
  readonly bytes: number;
  readonly isKept: boolean;
}

/** A reader of messages of this topic, at the beginning of a connection. */
export function createTopicReader(topic: string, onBody: (body: unknown) => void): TopicReader {
  const messages = readMessages(`${TEXT_PREFIX}${topic}`, onBody);
  let wanted = messages.next(Buffer.alloc(0)).value;
  let missing = wanted.bytes;
  let parts: Buffer[] = [];

  function give(): void {
    wanted = messages.next(Buffer.concat(parts)).value;
    missing = wanted.bytes;
    parts = [];
  }

  return {
    take: (chunk) => {
      for (let at = 0; at < chunk.length;) {
        const end = Math.min(chunk.length, at + missing);
        if (wanted.isKept) {
          parts.push(chunk.subarray(at, end));
        }
        missing -= end - at;
        at = end;
        // An argument may be empty.
        while (missing === 0) {
          give();
        }
      }
    },
  };
}

function* readMessages(
  topic: string,
  onBody: (body: unknown) => void,
): Generator<Wanted, never, Buffer> {
  for (;;) {
    const head = yield { bytes: 1, isKept: true };
    const meta = head.readUInt8(0);
    if (meta >> 4 !== VERSION) {
      throw new Error("this is no bus of pm2");
    }
    let isWanted = false;
    for (let place = 0; place < (meta & 0x0f); place += 1) {
      const length = yield { bytes: 4, isKept: true };
      const bytes = length.readUInt32BE(0);
      const isKept: boolean =
        place === 0 ? bytes === topic.length : isWanted && bytes <= MAX_BODY_BYTES;
      const text: string = String(yield { bytes, isKept });
      if (place === 0) {
        isWanted = text === topic;
      } else if (text.startsWith(JSON_PREFIX)) {
        onBody(parse(text.slice(JSON_PREFIX.length)));
      }
    }
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
