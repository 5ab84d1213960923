import { z } from "zod";

/**
 * What is deployed, as found on the machine. A part that could not be read is left out (unknown); a part that is not
 * there is null. Hashes are sha256 in hex.
 */
export const Identity = z.object({
  /** The commit that git's HEAD names, 40 hex digits. */
  commit: z.string().nullable().optional(),
  /** The release id that the application itself serves. */
  served: z.string().nullable().optional(),
  /** Of what lies on the disk, where the source is no repository (`application.source`); left out where it is one. */
  content: z.string().nullable().optional(),
  lockfile: z.string().nullable().optional(),
  /** Hash of each configuration file by its path relative to the application's root. */
  configFiles: z.record(z.string(), z.string().nullable()).optional(),
  /** Hash of each service's pm2 definition and environment by its name. */
  definitions: z.record(z.string(), z.string().nullable()).optional(),
  /** The newest applied migration and how many there are, such as `003_summary (3)`. */
  schema: z.string().nullable().optional(),
});
export type Identity = z.infer<typeof Identity>;

/** The parts of an identity, in the order in which they are told. */
export const IDENTITY_PARTS = [
  "commit",
  "served",
  "content",
  "lockfile",
  "configFiles",
  "definitions",
  "schema",
] as const;
export type IdentityPart = (typeof IDENTITY_PARTS)[number];

/** What a signal was before a change: a value in its unit, or a share (0..1) of requests; of so many samples or requests. */
export const Before = z.object({ value: z.number(), samples: z.number() });
export type Before = z.infer<typeof Before>;

/** A change of the deployed identity, announced or not. */
export const Change = z.object({
  /** Last moment the old identity was seen; the change lies between `after` and `at`. */
  after: z.number(),
  /** First moment the new identity was seen. */
  at: z.number(),
  parts: z.array(z.enum(IDENTITY_PARTS)),
  /** In words: `commit 1f3c… -> 9ab2…`, one entry per part. */
  summary: z.array(z.string()),
  /** The rollback plan that made it; absent for everybody else's changes. */
  plan: z.string().optional(),
  to: Identity,
  /** Of signals with a relative limit: what they were before it, by name. */
  before: z.record(z.string(), Before).optional(),
});
export type Change = z.infer<typeof Change>;

/** The parts that a rollback of the application puts back; the schema is not among them. */
const RELEASE_PARTS = [
  "commit",
  "served",
  "content",
  "lockfile",
  "configFiles",
  "definitions",
] as const;

/**
 * Whether two identities are the same release as far as both are known: code, dependencies, configuration and pm2
 * definitions. Two of which nothing is known in common are not.
 */
export function isSameRelease(one: Identity, other: Identity): boolean {
  const known = RELEASE_PARTS.filter(
    (part) => one[part] !== undefined && other[part] !== undefined,
  );
  return known.length > 0 && known.every((part) => isSamePart(one[part], other[part]));
}

/** Whether code and dependencies are the same for certain: what tells the code is known of both. */
export function isSameCode(one: Identity, other: Identity): boolean {
  const isKnown = [
    [one.commit, other.commit],
    [one.content, other.content],
  ].some((pair) => pair.every((part) => typeof part === "string"));
  return (
    isKnown &&
    (["commit", "served", "content", "lockfile"] as const).every(
      (part) => one[part] === undefined || other[part] === undefined || one[part] === other[part],
    )
  );
}

type Part = Identity[(typeof RELEASE_PARTS)[number]];

function isSamePart(one: Part, other: Part): boolean {
  if (typeof one !== "object" || typeof other !== "object" || one === null || other === null) {
    return one === other;
  }
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? null) === (other[name] ?? null));
}
