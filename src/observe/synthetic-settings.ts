import { z } from "zod";
import { PositiveDuration } from "../model/units.ts";

/** Stands for the mark of a run in addresses, headers and bodies. */
export const MARK_HOLDER = "{{mark}}";
/** Longest time of a clean-up, in ms. */
export const CLEAN_UP_MS = 3000;

const Headers = z.record(z.string().min(1), z.string());

/** An address whose host is fixed. */
const Address = z
  .string()
  .refine(
    (text) => /^https?:\/\/[^/?#{}]+(?:[/?]|$)/u.test(text) && URL.canParse(text),
    "expected an address such as http://127.0.0.1:3000/readings, without {{mark}} in its host",
  );

/** Without the mark a statement would change what is not rollwatch's. */
const MarkedSql = z
  .string()
  .trim()
  .refine((sql) => /\$1\b/u.test(sql), "expected a statement that names its mark as $1");

const CleanUp = z
  .strictObject({
    /** Statements with `$1` the mark, all run or none. */
    sql: z.array(MarkedSql).min(1).optional(),
    /** The database as a role that may delete those rows. Default `database.url`. */
    databaseUrl: z
      .url({
        protocol: /^postgres(ql)?$/u,
        error: "expected an address such as postgresql://user:password@host:5432/name",
      })
      .optional(),
    /** An address with `{{mark}}` that is asked to DELETE; 2xx, 404 and 410 mean that nothing is left. */
    delete: Address.refine(
      (url) => url.includes(MARK_HOLDER),
      "expected an address with {{mark}} in it",
    ).optional(),
    /** Sent with the DELETE. Default none. */
    headers: Headers.default({}),
  })
  .refine(
    (way) => (way.sql === undefined) !== (way.delete === undefined),
    "expected either `sql` or `delete`: nothing may be left behind",
  );
export type CleanUp = z.infer<typeof CleanUp>;

/** Posts a marked reading over the limit, expects its alert, and cleans both up. */
export const SyntheticAlertProbeSettings = z
  .strictObject({
    kind: z.literal("synthetic-alert"),
    /** Where readings are posted. */
    url: Address,
    /** Sent with the reading; `content-type` is application/json unless it is here. Default none. */
    headers: Headers.default({}),
    /** The reading, sent as JSON, with `{{mark}}` in one of its texts. */
    body: z
      .record(z.string(), z.json())
      .refine(
        (body) => JSON.stringify(body).includes(MARK_HOLDER),
        "expected {{mark}} in one of its texts, by which the reading and its alert are found again",
      ),
    /** Status codes that accept it. Default [200, 201, 202, 204]. */
    expectStatus: z.array(z.int().min(100).max(599)).min(1).default([200, 201, 202, 204]),
    /** Longest time from the posting until the alert is there. Default 5s. */
    within: PositiveDuration.prefault("5s"),
    /** A query with `$1` the mark, which answers a row once there is an alert; read-only, with the role of `database.url`. */
    expectRow: MarkedSql.optional(),
    /** A WebSocket on which a message with the mark must come. */
    expectMessage: z.strictObject({ url: z.url({ protocol: /^wss?$/u }) }).optional(),
    /** How what the run has made is deleted again. */
    cleanUp: CleanUp,
    /** Time between two readings. Default 1m. */
    interval: PositiveDuration.prefault("1m"),
    /** Longest time of a whole run, the clean-up included: at least twice `within` and 6s. Default 20s. */
    timeout: PositiveDuration.prefault("20s"),
  })
  .superRefine(({ expectRow, expectMessage, within, timeout }, context) => {
    if (expectRow === undefined && expectMessage === undefined) {
      const message = "expected expectRow, expectMessage or both: what else would show the alert?";
      context.addIssue({ code: "custom", path: ["expectRow"], message });
    }
    if (timeout < 2 * within + 2 * CLEAN_UP_MS) {
      const message = "expected at least twice `within` and 6s, so that there is time to clean up";
      context.addIssue({ code: "custom", path: ["timeout"], message });
    }
  });
export type SyntheticAlertProbeSettings = z.infer<typeof SyntheticAlertProbeSettings>;
