import { z } from "zod";

/** Whose configuration to draft, and where to write it. */
export interface InitRequest {
  /** Default: what PM2_HOME says, else `~/.pm2`. */
  readonly pm2Home?: string;
  /** The work tree of the application; needed where one pm2 runs several. */
  readonly root?: string;
  /** The file to write, relative to the present folder. Default rollwatch.yaml. */
  readonly output?: string;
  /** Whether a file that is there is replaced. */
  readonly force: boolean;
}

/** What was read of an application, and the configuration that was drafted for it. Holds no secret. */
export const InitReport = z.object({
  /** The configuration that was written. */
  file: z.string(),
  application: z.string(),
  root: z.string(),
  pm2Home: z.string(),
  services: z.array(
    z.object({ name: z.string(), status: z.string(), addresses: z.array(z.string()) }),
  ),
  /** The signals of the configuration, by name. */
  signals: z.array(z.string()),
  /** What was found, one sentence each. */
  found: z.array(z.string()),
  /** What a person should look at, one sentence each. */
  check: z.array(z.string()),
  /** Environment variables that the configuration refers to, and what each must hold. */
  variables: z.array(z.object({ name: z.string(), holds: z.string() })),
  /** What is still wrong with the configuration, apart from variables that are not set. */
  problems: z.array(z.string()),
  /** What to type next. */
  next: z.array(z.string()),
});
export type InitReport = z.infer<typeof InitReport>;

/** An application as one of several in the same pm2. */
export interface InitChoice {
  readonly root: string;
  readonly services: readonly string[];
}

/** What came of it: a file, or nothing because there are several applications, none at the given root, or a file is there already. */
export type InitOutcome =
  | { readonly kind: "written"; readonly report: InitReport }
  | { readonly kind: "several"; readonly choices: readonly InitChoice[] }
  | {
      readonly kind: "elsewhere";
      readonly root: string;
      readonly choices: readonly InitChoice[];
    }
  | { readonly kind: "exists"; readonly file: string };
