/**
 * @param {Record<string, string | number>} labels
 * @returns {string} as Prometheus writes them, "" for none
 */
function formatLabels(labels) {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escape(value)}"`);
  return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}

function escape(value) {
  return String(value).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/**
 * One gauge in the Prometheus text format.
 *
 * @param {string} name
 * @param {string} help
 * @param {{ labels?: Record<string, string>, value: number }[]} samples
 * @returns {string}
 */
function formatGauge(name, help, samples) {
  const lines = samples.map(({ labels = {}, value }) => `${name}${formatLabels(labels)} ${value}`);
  return [`# HELP ${name} ${help}`, `# TYPE ${name} gauge`, ...lines].join("\n");
}

module.exports = { formatGauge, formatLabels };
