import * as fc from "fast-check";
import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { describe, expect, it } from "vitest";
import { MalformedMetrics, readExposition } from "../../src/observe/exposition.ts";

/** The series of `metric` as labels and value. */
function seriesOf(text: string, metric: string): readonly (readonly [object, number])[] {
  return readExposition(text)
    .series(metric)
    .map(({ labels, value }) => [Object.fromEntries(labels), value] as const);
}

function outcomeOf(text: string): string {
  try {
    const values = readExposition(text).series("up");
    return values.every(({ value }) => typeof value === "number") ? "read" : "no numbers";
  } catch (error) {
    return error instanceof MalformedMetrics ? "refused" : String(error);
  }
}

describe("reading an application's metrics", () => {
  it.each([
    ["a bare sample", "up 1", [{}, 1]],
    ["a timestamp", "up 1 1700000000000", [{}, 1]],
    ["blanks wherever they may be", ' up { a = "b" , } 2.5e3  12 \r', [{ a: "b" }, 2500]],
    ["escapes", String.raw`up{a="q\"\\\n}x,"} 1`, [{ a: 'q"\\\n}x,' }, 1]],
    ["a value that is none", "up NaN", [{}, Number.NaN]],
    ["an infinite value", "up{} +Inf", [{}, Infinity]],
    ["a negative infinite value", "up -Inf", [{}, -Infinity]],
    ["an exemplar", 'up{le="1"} 3 # {trace_id="x"} 0.2 1.5', [{ le: "1" }, 3]],
    ["no line break at the end, and comments", "# HELP up \\n\n#\n\nup 0", [{}, 0]],
  ])("understands %s", (_what, text, expected) => {
    expect(seriesOf(text, "up")).toEqual([expected]);
  });

  it.each([
    ["a page of HTML", "<html><body>login</body></html>"],
    ["a JSON answer", '{"up": 1}'],
    ["a label that does not end", 'up{a="b'],
    ["a label without quotes", "up{a=b} 1"],
    ["no value", "up"],
    ["a value in words", "up one"],
    ["a hexadecimal value", "up 0x10"],
    ["something behind the timestamp", "up 1 2 3"],
    ["too many lines", "up 1\n".repeat(100_001)],
  ])("refuses %s", (_what, text) => {
    expect(() => readExposition(text).series("up")).toThrow(MalformedMetrics);
  });

  it("does not mind that a metric nobody asks for is malformed", () => {
    expect(seriesOf("down{ 1\nup 1\n", "up")).toEqual([[{}, 1]]);
  });

  it("takes the first of equal series, whatever the order of their labels", () => {
    const text = 'up{a="1",b="2"} 5\nup{b="2",a="1"} 6\nup{a="1"} 7\n';

    expect(seriesOf(text, "up")).toEqual([
      [{ a: "1", b: "2" }, 5],
      [{ a: "1" }, 7],
    ]);
  });

  it("ends where OpenMetrics ends", () => {
    expect(seriesOf("up 1\n# EOF\nup 2\n<html>", "up")).toEqual([[{}, 1]]);
  });

  it("knows which metrics are there without a series yet", () => {
    const exposition = readExposition(
      "# TYPE a_total counter\n# TYPE h histogram\n# TYPE open counter\nplain 1\n",
    );

    expect(
      ["a_total", "h_count", "h_bucket", "open_total", "plain"].map((name) =>
        exposition.declares(name),
      ),
    ).toEqual(Array.from({ length: 5 }, () => true));
    expect(["a", "other", "plain_x"].some((name) => exposition.declares(name))).toBe(false);
  });

  it("refuses a line that nobody needs to be so long", () => {
    const text = `up{a="${"b".repeat(70_000)}"} 1\n`;

    expect(() => readExposition(text).series("up")).toThrow(MalformedMetrics);
  });

  it("never does anything but read or refuse, whatever the text", () => {
    const line = fc.oneof(
      fc.string(),
      fc.stringMatching(/^[a-z_]{1,3}[{]?([a-z]="[^"]{0,3}",?){0,3}[}]? ?[0-9.]{0,4}$/u),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const outcome = outcomeOf(lines.join("\n"));

        expect(["read", "refused"]).toContain(outcome);
      }),
    );
  });
});

describe("what prom-client writes", () => {
  const values = fc.dictionary(
    fc.string({ unit: "binary" }),
    fc.double({ min: 0, noDefaultInfinity: true, noNaN: true }),
    { maxKeys: 5 },
  );

  it.each([Registry.PROMETHEUS_CONTENT_TYPE, Registry.OPENMETRICS_CONTENT_TYPE])(
    "is read as it was meant (%s)",
    async (contentType) => {
      await fc.assert(
        fc.asyncProperty(values, async (wanted) => {
          const registry: Registry<typeof contentType> = new Registry();
          registry.setContentType(contentType);
          const gauge = new Gauge({
            name: "g",
            help: "h",
            labelNames: ["x"],
            registers: [registry],
          });
          for (const [x, value] of Object.entries(wanted)) {
            gauge.set({ x }, value);
          }

          const read = readExposition(await registry.metrics()).series("g");

          const found = read.map(({ labels, value }) => [labels.get("x"), value] as const);
          expect(new Map(found)).toEqual(new Map(Object.entries(wanted)));
        }),
        { numRuns: 50 },
      );
    },
  );

  it("has buckets, counts and totals", async () => {
    const registry = new Registry();
    const names = { help: "h", labelNames: ["status"], registers: [registry] };
    new Histogram({ ...names, name: "seconds", buckets: [0.5] }).observe({ status: "200" }, 0.4);
    new Counter({ ...names, name: "asked_total" }).inc({ status: "500" }, 3);

    const text = await registry.metrics();

    expect(seriesOf(text, "seconds_count")).toEqual([[{ status: "200" }, 1]]);
    expect(seriesOf(text, "seconds_bucket")).toContainEqual([{ status: "200", le: "0.5" }, 1]);
    expect(seriesOf(text, "asked_total")).toEqual([[{ status: "500" }, 3]]);
  });
});
