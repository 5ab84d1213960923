import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { join } from "node:path";
import { ApprovalLink } from "../model/approval-link.ts";
import { Failure } from "../model/failure.ts";
import type { Files } from "../system/files.ts";

/** Makes links that nobody else can make, and reads them again, also after a restart. */
export interface LinkSigner {
  sign(link: ApprovalLink): string;
  /** undefined for whatever this signer has not made. Takes the same time for each wrong signature. */
  read(token: string): ApprovalLink | undefined;
}

const KEY_BYTES = 32;
const KEY_HEX = /^[0-9a-f]{64}$/u;

/** Opens the signer of this state folder; its key (0600) is made the first time. */
export async function openLinkSigner(files: Files, state: string): Promise<LinkSigner> {
  const path = join(state, "link-key");
  if ((await files.kind(path)) === "absent") {
    await files.writeAtomic(path, randomBytes(KEY_BYTES).toString("hex"), 0o600);
  }
  const { mode } = await files.access(path);
  const text = (await files.readText(path)) ?? "";
  if ((mode & 0o077) !== 0 || !KEY_HEX.test(text)) {
    throw new Failure("state-exposed", `${path} is no key that only rollwatch can read`, {
      hint: "Remove it: another is made, and the links of earlier notices count no more.",
    });
  }
  return createLinkSigner(Buffer.from(text, "hex"));
}

/** Signs with this key, of 32 bytes. */
export function createLinkSigner(key: Buffer): LinkSigner {
  function macOf(payload: string): Buffer {
    return createHmac("sha256", key).update(`approval:${payload}`).digest();
  }

  return {
    sign: (link) => {
      const payload = Buffer.from(JSON.stringify(link)).toString("base64url");
      return `${payload}.${macOf(payload).toString("base64url")}`;
    },
    read: (token) => {
      const [payload = "", given = "", ...more] = token.split(".");
      const mac = Buffer.from(given, "base64url");
      const expected = macOf(payload);
      const isOurs = mac.length === expected.length && timingSafeEqual(mac, expected);
      return isOurs && more.length === 0 ? parse(payload) : undefined;
    },
  };
}

function parse(payload: string): ApprovalLink | undefined {
  try {
    const text = Buffer.from(payload, "base64url").toString("utf8");
    return ApprovalLink.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
