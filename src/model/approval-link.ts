import { z } from "zod";
import type { PlanReport } from "./actions.ts";

/** What a one-time link says: this person, about this plan as it was, until then. */
export const ApprovalLink = z.object({
  plan: z.string(),
  /** sha256 in hex over the whole plan. */
  hash: z.string(),
  /** The contact's name. */
  by: z.string(),
  /** ms since the epoch. */
  until: z.number(),
});
export type ApprovalLink = z.infer<typeof ApprovalLink>;

/** What a person may say with a link. */
export const LINK_ANSWERS = ["approve", "reject"] as const;
export type LinkAnswer = (typeof LINK_ANSWERS)[number];

/** What stands behind the links of notices. Whatever is refused throws a Failure (`not-permitted`, `refused`) and is in the journal. */
export interface LinkAnswers {
  /** The origin that pages of rollwatch are asked for by people, such as `https://rollwatch.example.com`. */
  readonly origin: string;
  /** What the link is about; changes nothing. */
  look(token: string): Promise<{ readonly plan: PlanReport; readonly by: string }>;
  answer(token: string, answer: LinkAnswer): Promise<PlanReport>;
  /** Writes down that something came that was no answer. */
  refuse(reason: string): void;
}
