/** Labels of one series; the worker's own is added to all of them. */
export type Labels = Readonly<Record<string, string>>;

/** One metric of the page, in Prometheus' words. */
export interface PageMetric {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly series: readonly PageSeries[];
}

/** One line; `suffix` such as `_bucket` stands behind the metric's name. */
interface PageSeries {
  readonly suffix?: string;
  readonly labels?: Labels;
  readonly value: number;
}

/** The metrics of one process in Prometheus' text format; pages of several processes may be put one behind the other. */
export function renderPage(worker: string, metrics: readonly PageMetric[]): string {
  const lines = metrics.flatMap(({ name, type, series }) => [
    `# TYPE ${name} ${type}`,
    ...series.map(({ suffix = "", labels = {}, value }) => {
      const all = Object.entries({ worker, ...labels });
      const told = all.map(([label, text]) => `${label}="${escape(text)}"`).join(",");
      return `${name}${suffix}{${told}} ${value}`;
    }),
  ]);
  return `${lines.join("\n")}\n`;
}

function escape(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
