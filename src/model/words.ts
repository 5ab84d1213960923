import { z } from "zod";

/** What breaks a line, steers a terminal, turns the direction of what follows, or is half a character. */
const UNFIT = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/u;
const BREAKS = /[\n\t]/gu;

/** One line of words by somebody, at most so many characters: it stands in notices, reports and on terminals as it is. */
export function words(most: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((text) => !UNFIT.test(text), {
      message: "expected one line without control characters",
    });
}

/** Words on as many lines as they need. */
export function lines(most: number): z.ZodString {
  return z
    .string()
    .trim()
    .min(1)
    .max(most)
    .refine((written) => !UNFIT.test(written.replaceAll(BREAKS, "")), {
      message: "expected no control characters but line feeds and tabs",
    });
}
