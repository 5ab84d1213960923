import { z } from "zod";
import { Identity } from "./identity.ts";

/** One captured path. `digest` covers names, modes, link targets and contents of everything below it. */
export const CapturedPath = z.object({
  /** Relative to the application's root. */
  path: z.string(),
  kind: z.enum(["directory", "file", "link", "absent"]),
  digest: z.string(),
  files: z.number().int().nonnegative(),
  bytes: z.number().int().nonnegative(),
  /** Of the source when it was captured (see Files.fingerprint); absent in captures of older versions. */
  fingerprint: z.string().optional(),
});
export type CapturedPath = z.infer<typeof CapturedPath>;

/** A native module of a captured release. Packages bring those of other platforms along, so not loading is no fault by itself. */
export const NativeModule = z.object({
  /** Relative to the application's root. */
  path: z.string(),
  /** sha256 in hex. */
  digest: z.string(),
  /** Whether the interpreter loaded it when it was captured. */
  loads: z.boolean(),
});
export type NativeModule = z.infer<typeof NativeModule>;

/** A release one can go back to, as described beside its captured files (never holds a secret's value). */
export const Release = z.object({
  /** Manifest format; a newer one than this program knows is refused. */
  format: z.literal(1),
  id: z.string(),
  capturedAt: z.number(),
  /** The annotated git tag made for it; null where the application is no git repository. */
  tag: z.string().nullable(),
  identity: Identity,
  /** Everything that the application rollback puts back. */
  artifacts: z.array(CapturedPath),
  configFiles: z.array(CapturedPath.extend({ kindOfConfig: z.string() })),
  /** Services with the state they were in. */
  services: z.array(
    z.object({
      name: z.string(),
      instances: z.number().int(),
      /** Where its processes worked, by the kernel's word: a service may leave pm2's folder at boot. */
      workedIn: z.array(z.string()).optional(),
    }),
  ),
  /** Version of the Node that runs the services, such as `v20.20.2`. */
  interpreter: z.string(),
  /** Its program's absolute path; absent where it was not found, and in captures of older versions. */
  interpreterPath: z.string().optional(),
  /** Every native module below the artefacts; absent in captures of older versions. */
  nativeModules: z.array(NativeModule).optional(),
});
export type Release = z.infer<typeof Release>;

/** Whether a captured release can be used right now. */
export type Readiness = (
  | { readonly kind: "ready" }
  | { readonly kind: "not-ready"; readonly problems: readonly string[] }
) & {
  readonly checkedAt: number;
  /** What is wrong with the database's snapshot; the application's rollback does not need it. */
  readonly databaseProblems?: readonly string[];
};
