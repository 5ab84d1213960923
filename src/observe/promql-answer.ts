import { z } from "zod";

/** The newest sample of one series; `at` is its own time, ms since the epoch. */
export interface PromqlPoint {
  readonly at: number;
  /** NaN and the infinities are possible. */
  readonly value: number;
}

/** What Prometheus' query API answered: the newest sample of each series, or why there is none. */
export type PromqlAnswer =
  | { readonly kind: "points"; readonly points: readonly PromqlPoint[] }
  | { readonly kind: "none"; readonly why: string };

const Sample = z.tuple([z.number(), z.string()]);
const Envelope = z.object({
  status: z.string(),
  error: z.string().optional(),
  errorType: z.string().optional(),
  data: z.object({ resultType: z.string(), result: z.unknown() }).optional(),
});
const Vector = z.array(z.object({ value: Sample.optional() }));
const Matrix = z.array(z.object({ values: z.array(Sample).optional() }));

/** Go's floats, as Prometheus writes them. */
const FLOAT = /^[+-]?(\d+\.?\d*(e[+-]?\d+)?|NaN|Inf)$/iu;

/** Reads an answer of `/api/v1/query` or `/api/v1/query_range`; whatever it is, it throws nothing. */
export function readPromqlAnswer(body: string): PromqlAnswer {
  const envelope = Envelope.safeParse(jsonOf(body));
  if (!envelope.success) {
    return none("its answer is not one of Prometheus' query API");
  }
  const { status, error, errorType, data } = envelope.data;
  if (status !== "success" || data === undefined) {
    return none(`the query failed: ${errorType ?? status}: ${error ?? "no reason was given"}`);
  }
  return pointsOf(data.resultType, data.result);
}

function pointsOf(resultType: string, result: unknown): PromqlAnswer {
  switch (resultType) {
    case "scalar":
      return points([Sample.safeParse(result).data]);
    case "vector":
      return points(Vector.safeParse(result).data?.map(({ value }) => value));
    case "matrix":
      return points(Matrix.safeParse(result).data?.map(({ values }) => values?.at(-1)));
    default:
      return none(`the query gives no numbers (${resultType.slice(0, 20)})`);
  }
}

/** A series without a plain number, such as a native histogram, makes the whole answer none. */
function points(
  samples: readonly (z.infer<typeof Sample> | undefined)[] | undefined,
): PromqlAnswer {
  const found: PromqlPoint[] = [];
  for (const sample of samples ?? [undefined]) {
    if (sample === undefined || !FLOAT.test(sample[1])) {
      return none("the query gives something else than numbers");
    }
    found.push({ at: sample[0] * 1000, value: numberOf(sample[1]) });
  }
  return { kind: "points", points: found };
}

function numberOf(text: string): number {
  return Number(text.replace(/inf$/iu, "Infinity"));
}

function none(why: string): PromqlAnswer {
  return { kind: "none", why };
}

function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}
