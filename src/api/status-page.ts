import { createHash } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PublicDocument } from "../model/public-page.ts";

/** What everybody may read. */
export interface PublicPages {
  readonly paths: readonly string[];
  /** The document of one of these paths as it is now. */
  read(path: string): PublicDocument;
}

/** For how long others may keep an answer, and rollwatch itself keeps one: however many ask, it is made once; in milliseconds. */
const KEPT_MS = 15_000;
const MADE_EVERY_MS = 1000;

interface Made extends PublicDocument {
  readonly etag: string;
  readonly at: number;
}

/** The page for the public, and nothing else. Whatever site asks may read it, as it reads nothing that is not everybody's. */
export function addStatusPage(
  server: FastifyInstance,
  pages: PublicPages,
  clock: { monotonic(): number },
): void {
  const kept = new Map<string, Made>();
  function documentAt(path: string): Made {
    const last = kept.get(path);
    const now = clock.monotonic();
    if (last !== undefined && now - last.at < MADE_EVERY_MS) {
      return last;
    }
    const document = pages.read(path);
    const made = { ...document, etag: `"${hash(document.body, "base64url")}"`, at: now };
    kept.set(path, made);
    return made;
  }

  for (const path of pages.paths) {
    server.get(path, async (request, reply) => answer(request, reply, documentAt(path)));
  }
}

function answer(request: FastifyRequest, reply: FastifyReply, made: Made): FastifyReply {
  const { etag, type, body, style } = made;
  const styles = style === undefined ? "" : `; style-src 'sha256-${hash(style, "base64")}'`;
  void reply.headers({
    etag,
    "access-control-allow-origin": "*",
    "cache-control": `public, max-age=${KEPT_MS / 1000}`,
    "content-security-policy": `default-src 'none'${styles}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
    "cross-origin-resource-policy": "cross-origin",
    "referrer-policy": "no-referrer",
  });
  const known = (request.headers["if-none-match"] ?? "").split(",");
  return known.some((one) => one.trim().replace(/^W\//u, "") === etag)
    ? reply.code(304).send()
    : reply.type(type).send(body);
}

function hash(text: string, encoding: "base64" | "base64url"): string {
  return createHash("sha256").update(text).digest(encoding);
}
