const { formatLabels } = require("./exposition");

/** Upper bounds in seconds; 0.5 is the response time the operators have agreed to. */
const BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

/** A Prometheus histogram. Its label values must be few: every combination is kept for ever. */
class Histogram {
  #name;
  #help;
  #series = new Map();

  /**
   * @param {string} name
   * @param {string} help
   */
  constructor(name, help) {
    this.#name = name;
    this.#help = help;
  }

  /**
   * @param {Record<string, string>} labels
   * @param {number} seconds
   */
  observe(labels, seconds) {
    const key = JSON.stringify(labels);
    const series = this.#series.get(key) ?? {
      labels,
      counts: BUCKETS.map(() => 0),
      sum: 0,
      count: 0,
    };
    this.#series.set(key, series);
    for (const [index, bound] of BUCKETS.entries()) {
      if (seconds <= bound) {
        series.counts[index] += 1;
      }
    }
    series.sum += seconds;
    series.count += 1;
  }

  /** @returns {string} in the Prometheus text format */
  format() {
    const lines = [`# HELP ${this.#name} ${this.#help}`, `# TYPE ${this.#name} histogram`];
    for (const { labels, counts, sum, count } of this.#series.values()) {
      for (const [index, bound] of BUCKETS.entries()) {
        lines.push(
          `${this.#name}_bucket${formatLabels({ ...labels, le: bound })} ${counts[index]}`,
        );
      }
      lines.push(`${this.#name}_bucket${formatLabels({ ...labels, le: "+Inf" })} ${count}`);
      lines.push(`${this.#name}_sum${formatLabels(labels)} ${sum}`);
      lines.push(`${this.#name}_count${formatLabels(labels)} ${count}`);
    }
    return lines.join("\n");
  }
}

module.exports = { BUCKETS, Histogram };
