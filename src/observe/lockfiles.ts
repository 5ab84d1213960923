import type { Dependencies } from "../system/npm-audit.ts";

/** What runs, and the last proven release before it, by what each depends on. */
export type LockfilePair =
  | {
      readonly kind: "both";
      readonly running: Dependencies;
      readonly earlier: Dependencies;
      /** The earlier release's id. */
      readonly release: string;
    }
  /** Nothing was proven before: there is nothing that it could be compared with. */
  | { readonly kind: "first" }
  /** One of them cannot be read. */
  | { readonly kind: "missing"; readonly detail: string };

/** The lock files of the application's releases. */
export interface Lockfiles {
  pair(): Promise<LockfilePair>;
}
