import { z } from "zod";
import { Duration, PositiveDuration } from "./units.ts";

/** A path inside the application's root. */
export const RelativePath = z
  .string()
  .regex(
    /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[^\0\n]+$/u,
    "expected a path inside the application's root, without ..",
  )
  .refine((path) => {
    const first = path.split("/").find((part) => part !== "" && part !== ".");
    return first !== undefined && first !== ".git";
  }, "may not be the root or .git");

/** The name of a pm2 service. */
export const ServiceName = z
  .string()
  .regex(
    /^(?!\d+$)(?!all$)[A-Za-z0-9][A-Za-z0-9._-]*$/u,
    "expected a pm2 name that is no number, no pattern and not `all`",
  );

/** The name of a kind of configuration, such as `environment`. */
const ConfigKind = z
  .string()
  .regex(/^[a-z][a-z0-9-]*$/u, "expected lower-case letters, digits and hyphens");

/** A service of the application; the order of the list is the order of starting, its reverse that of stopping. */
export const ServiceSettings = z.strictObject({
  name: ServiceName,
  /** Longest time the service needs to finish its work when stopped. Default 10s. */
  quiesce: Duration.prefault("10s"),
  /** What a stop in the middle of its work does: `unsafe` makes every automatic rollback a recommendation. Default transactional. */
  work: z.enum(["transactional", "idempotent", "unsafe"]).default("transactional"),
  /** Longest time from its start until it serves; meanwhile its breach is no reason to act. Default 10s. */
  boot: Duration.prefault("10s"),
  /** Deletes data: starts last, after the verification. Default false. */
  destructive: z.boolean().default(false),
  /** The services that must be well before it is restarted; each stands before it in the list. Default none. */
  after: z.array(ServiceName).default([]),
  /** The kinds of configuration that it reads, so that a rollback of another kind leaves it running. Default all of them. */
  reads: z.array(ConfigKind).optional(),
  /**
   * Folders, relative to the root, that hold the files whose content it has brought into the database: a rollback of the database names
   * those that came since its snapshot. Default none.
   */
  consumes: z.array(RelativePath).optional(),
});
export type ServiceSettings = z.infer<typeof ServiceSettings>;

/** A round of controls waits this long for all answers; a slower upstream could not be named any more. */
const SLOWEST_UPSTREAM_MS = 1800;

/** Something else that the application asks over HTTP: while it is down, no release is blamed. */
export const UpstreamSettings = z.strictObject({
  /** As it is named in notices. */
  name: z.string().regex(/^[a-z][a-z0-9-]*$/u, "expected lower-case letters, digits and hyphens"),
  url: z.url({ protocol: /^https?$/u }),
  /** After this long without an answer it is down; at most 1800ms. Default 1500ms. */
  timeout: PositiveDuration.refine(
    (ms) => ms <= SLOWEST_UPSTREAM_MS,
    "expected at most 1800ms: every decision waits for it",
  ).prefault("1500ms"),
  /** Status codes of one that works. Default: all below 500. */
  expectStatus: z.array(z.int().min(100).max(599)).min(1).optional(),
});
export type UpstreamSettings = z.infer<typeof UpstreamSettings>;

/** The watched application. */
export const ApplicationSettings = z.strictObject({
  /** Label of every metric and title of every notice. */
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/u, "expected lower-case letters, digits and hyphens"),
  /** Absolute path of its work tree. */
  root: z.string().regex(/^\//u, "expected an absolute path"),
  /** The pm2 home of the application, never rollwatch's own. */
  pm2Home: z.string().regex(/^\//u, "expected an absolute path"),
  /** The pm2 program, which writes its dump. Default `pm2`, found in PATH. */
  pm2Program: z.string().default("pm2"),
  services: z.array(ServiceSettings).min(1),
  /** Stops all services at the same time instead of in reverse order; for those that do not need each other to finish. Default false. */
  stopTogether: z.boolean().default(false),
  /**
   * What tells one release from another: the commit of its `git` work tree (which may lie above the root), the content of
   * its artefacts (`directory`), or the content of one file (`artifact`). Default git.
   */
  source: z.enum(["git", "directory", "artifact"]).default("git"),
  /** The file that stands for the release, relative to the root; for the source `artifact` alone. */
  artifact: RelativePath.optional(),
  /** What a release consists of, relative to the root. */
  artifacts: z.array(RelativePath).min(1),
  /** The lock file of its dependencies, relative to the root. Default package-lock.json. */
  lockfile: RelativePath.default("package-lock.json"),
  /**
   * Configuration files by kind, relative to the root; captured and restored with a release, and each kind by itself. Beside
   * these kinds there may be any other.
   */
  configFiles: z
    .object({
      environment: z.array(RelativePath).default([]),
      database: z.array(RelativePath).default([]),
      monitoring: z.array(RelativePath).default([]),
    })
    .catchall(z.array(RelativePath))
    .refine((kinds) => Object.keys(kinds).every((kind) => ConfigKind.safeParse(kind).success), {
      error: "expected kinds of lower-case letters, digits and hyphens",
    })
    .prefault({}),
  /** Where the application serves its release id; absent when it serves none. */
  releaseIdFrom: z
    .strictObject({
      url: z.url({ protocol: /^https?$/u }),
      /** Field of the JSON answer, dots between levels, such as `build.release`. */
      json: z.string(),
    })
    .optional(),
  /** The service whose stop silences `releaseIdFrom` and the http probes of the same origin; default the first service. */
  serving: ServiceName.optional(),
  /** What else it asks over HTTP, asked by rollwatch too; while one is down, no release is blamed. Default none. */
  upstreams: z.array(UpstreamSettings).default([]),
});
export type ApplicationSettings = z.infer<typeof ApplicationSettings>;
