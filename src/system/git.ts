/** The application's repository. git is identity here, never transport: nothing fetches, nothing checks out. */
export interface Git {
  /** The commit that HEAD names (40 hex digits); null when the folder is no work tree or has no commit. */
  head(root: string, signal: AbortSignal): Promise<string | null>;
  /** Makes an annotated tag on `commit`; succeeds when the tag already stands there, refuses to move one. */
  tag(
    root: string,
    name: string,
    commit: string,
    message: string,
    signal: AbortSignal,
  ): Promise<void>;
  /** The commit a tag names; null when there is no such tag. */
  resolveTag(root: string, name: string, signal: AbortSignal): Promise<string | null>;
  /** Whether the commit's objects are there. */
  hasCommit(root: string, commit: string, signal: AbortSignal): Promise<boolean>;
  /** Detaches HEAD at `commit` and makes the index match it; the work tree is left alone. */
  pointHead(root: string, commit: string, signal: AbortSignal): Promise<void>;
  /** Why somebody else seems to be working in the repository (its index is locked); null when nobody is. */
  busy(root: string): Promise<string | null>;
}
