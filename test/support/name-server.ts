import { createSocket, type Socket } from "node:dgram";

const TYPES = { A: 1, CNAME: 5, MX: 15, TXT: 16, AAAA: 28, SRV: 33 } as const;
type Type = keyof typeof TYPES;

/** What a name server says: records by `name TYPE`, or one of the codes of failure for a name. */
export interface Zone {
  readonly records: Readonly<Record<string, readonly Buffer[]>>;
  /** Names without any record: answered with NXDOMAIN (3), SERVFAIL (2), REFUSED (5), or not at all. */
  readonly codes?: Readonly<Record<string, 2 | 3 | 5 | "silence">>;
}

/** A name server on 127.0.0.1 and a port of its own. */
export interface NameServer {
  readonly address: string;
  close(): Promise<void>;
}

/** Answers questions over UDP. Names that nobody knows do not exist. */
export async function openNameServer(zone: Zone): Promise<NameServer> {
  const socket = createSocket("udp4");
  socket.on("message", (question, { port }) => {
    const answer = answerTo(question, zone);
    if (answer !== undefined) {
      socket.send(answer, port, "127.0.0.1");
    }
  });
  await new Promise<void>((resolve) => {
    socket.bind(0, "127.0.0.1", resolve);
  });
  return {
    address: `127.0.0.1:${socket.address().port}`,
    close: async () => close(socket),
  };
}

async function close(socket: Socket): Promise<void> {
  await new Promise<void>((resolve) => {
    socket.close(() => resolve());
  });
}

function answerTo(question: Buffer, { records, codes = {} }: Zone): Buffer | undefined {
  const { name, end } = nameAt(question, 12);
  const type = question.readUInt16BE(end);
  const isKnown = Object.keys(records).some((key) => key.startsWith(`${name} `));
  const code = codes[name] ?? (isKnown ? 0 : 3);
  if (code === "silence") {
    return undefined;
  }
  const label = Object.entries(TYPES).find(([, number]) => number === type)?.[0] ?? "";
  const found = code === 0 ? (records[`${name} ${label}`] ?? []) : [];
  const head = Buffer.from(question.subarray(0, end + 4));
  head.writeUInt16BE(0x81_80 + code, 2);
  head.writeUInt16BE(found.length, 6);
  head.writeUInt32BE(0, 8);
  return Buffer.concat([head, ...found.map((data) => recordOf(type, data))]);
}

function nameAt(message: Buffer, start: number): { readonly name: string; readonly end: number } {
  const labels: string[] = [];
  let at = start;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}

function recordOf(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(12);
  // The name of the question, by its place.
  head.writeUInt16BE(0xc0_0c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt32BE(60, 6);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
}

/** The data of a record that names another: `CNAME`, or with numbers before it `MX` and `SRV`. */
export function named(name: string, ...numbers: readonly number[]): Buffer {
  const before = Buffer.alloc(numbers.length * 2);
  for (const [place, number] of numbers.entries()) {
    before.writeUInt16BE(number, place * 2);
  }
  const labels = name.split(".").map((label) => Buffer.from(`${sizeOf(label)}${label}`, "latin1"));
  return Buffer.concat([before, ...labels, Buffer.from([0])]);
}

/** The data of a record of text. */
export function text(...parts: readonly string[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(`${sizeOf(part)}${part}`, "latin1")));
}

function sizeOf(part: string): string {
  return String.fromCodePoint(part.length);
}

/** The records of a zone, with their types checked. */
export function zoneOf(
  records: Readonly<Partial<Record<`${string} ${Type}`, readonly Buffer[]>>>,
  codes: Zone["codes"] = {},
): Zone {
  const known = Object.entries(records).map(([key, data]) => [key, data ?? []] as const);
  return { records: Object.fromEntries(known), codes };
}
