import { parseArgs } from "node:util";

/** What the person asked the demo for. */
export type Wish =
  | { readonly kind: "help" }
  | { readonly kind: "list"; readonly json: boolean }
  | { readonly kind: "end"; readonly folder: string }
  | {
      readonly kind: "play";
      readonly fault: string;
      readonly json: boolean;
      readonly keep: boolean;
      readonly killDaemon: boolean;
      readonly approve: boolean;
      /** Where the report of the incident is written; absent: nowhere. */
      readonly report?: string;
    };

export const USAGE = `npm run demo -- [options]

  --fault ID      the release to deploy (default system-down); there is one for each trigger of the runbook; none is a
                  good one, what ends in -no-change is a fault without any deployment, and what ends in
                  -after-deploy a good release with a fault from outside behind it
  --list          the releases and faults with their right outcomes
  --json          one JSON object as the last line of stdout, everything else on stderr
  --kill-daemon   kill rollwatch (kill -9) at the first step of the rollback that the application feels
  --approve       give the approvals that a recommendation waits for (such as that for error-rate-migration)
  --report FOLDER write the report of the incident there, as Markdown and as a page
  --keep          leave everything running, and print the addresses
  --end FOLDER    end what --keep left running
`;

const OPTIONS = {
  fault: { type: "string", default: "system-down" },
  list: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
  "kill-daemon": { type: "boolean", default: false },
  approve: { type: "boolean", default: false },
  report: { type: "string" },
  keep: { type: "boolean", default: false },
  end: { type: "string" },
  help: { type: "boolean", short: "h", default: false },
} as const;

/** Reads the command line; throws with a sentence when it makes no sense. */
export function parseWish(args: readonly string[]): Wish {
  const { values } = parseArgs({ args: [...args], options: OPTIONS, strict: true });
  if (values.help) {
    return { kind: "help" };
  }
  if (values.end !== undefined) {
    return { kind: "end", folder: values.end };
  }
  if (values.list) {
    return { kind: "list", json: values.json };
  }
  const { fault, json, keep, approve, report } = values;
  const play = { fault, json, keep, killDaemon: values["kill-daemon"], approve };
  return { kind: "play", ...play, ...(report === undefined ? {} : { report }) };
}
