import * as bargauge from "@grafana/grafana-foundation-sdk/bargauge";
import type { Builder } from "@grafana/grafana-foundation-sdk/cog";
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as stat from "@grafana/grafana-foundation-sdk/stat";
import * as statetimeline from "@grafana/grafana-foundation-sdk/statetimeline";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

/** A headline with its panels. */
export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

/** A panel of the dashboard. */
export interface Panel {
  /** `number`: the newest value; `bars`: one bar for each series; `states`: what was so when; `lines`: values over time. */
  readonly kind: "number" | "bars" | "states" | "lines";
  readonly title: string;
  /** One sentence for whoever looks at it at night. */
  readonly description: string;
  readonly queries: readonly Query[];
  /** Of 24 columns. */
  readonly width: number;
  /** Default 7. */
  readonly height?: number;
  /** Grafana's name for it, such as `s` or `percentunit`. Default: a plain number. */
  readonly unit?: string;
  readonly words?: Words;
  /** Shows the series' names instead of their values. */
  readonly namesOnly?: boolean;
  /** The template variable for each of whose values the panel is drawn again. */
  readonly repeat?: string;
  /** What stands there without data. Default `none`. */
  readonly noValue?: string;
}

/** What a value means, with its colour. */
export type Words = Readonly<Record<string, readonly [text: string, color: string]>>;

/** One PromQL expression and the name of its series. */
export interface Query {
  readonly expr: string;
  readonly legend: string;
}

/** The data source that the person chose. */
export const DATASOURCE = { type: "prometheus", uid: "${datasource}" } as const;

const HEIGHT = 7;

/** The panel as Grafana has it; `id` is unique in the dashboard. */
export function buildPanel(panel: Panel, id: number): Builder<dashboard.Panel> {
  const builder = builderOf(panel)
    .id(id)
    .title(panel.title)
    .description(panel.description)
    .datasource(DATASOURCE)
    .span(panel.width)
    .height(panel.height ?? HEIGHT)
    .noValue(panel.noValue ?? "none")
    .targets(panel.queries.map((query, index) => target(query, index, panel.kind)));
  if (panel.unit !== undefined) {
    builder.unit(panel.unit);
  }
  if (panel.words !== undefined) {
    builder.mappings([mapping(panel.words)]);
  }
  if (panel.repeat !== undefined) {
    builder.repeat(panel.repeat).repeatDirection("h").maxPerRow(4);
  }
  return builder;
}

type AnyBuilder =
  | bargauge.PanelBuilder
  | stat.PanelBuilder
  | statetimeline.PanelBuilder
  | timeseries.PanelBuilder;

function builderOf(panel: Panel): AnyBuilder {
  switch (panel.kind) {
    case "number":
      return new stat.PanelBuilder()
        .graphMode(common.BigValueGraphMode.None)
        .textMode(
          panel.namesOnly === true
            ? common.BigValueTextMode.Name
            : common.BigValueTextMode.ValueAndName,
        )
        .reduceOptions(newest());
    case "bars":
      return new bargauge.PanelBuilder()
        .orientation(common.VizOrientation.Horizontal)
        .displayMode(common.BarGaugeDisplayMode.Basic)
        .min(0)
        .reduceOptions(newest());
    case "states":
      return new statetimeline.PanelBuilder()
        .mergeValues(true)
        .showValue(common.VisibilityMode.Never);
    case "lines":
      return new timeseries.PanelBuilder().fillOpacity(5).lineWidth(1);
    default:
      return panel.kind satisfies never;
  }
}

function newest(): common.ReduceDataOptionsBuilder {
  return new common.ReduceDataOptionsBuilder().calcs(["lastNotNull"]);
}

function target(query: Query, index: number, kind: Panel["kind"]): prometheus.DataqueryBuilder {
  const builder = new prometheus.DataqueryBuilder()
    .refId(String.fromCodePoint(65 + index))
    .datasource(DATASOURCE)
    .expr(query.expr)
    .legendFormat(query.legend);
  return kind === "number" || kind === "bars" ? builder.instant() : builder.range();
}

function mapping(words: Words): dashboard.ValueMapping {
  return {
    type: dashboard.MappingType.ValueToText,
    options: Object.fromEntries(
      Object.entries(words).map(([value, [text, color]], index) => [value, { text, color, index }]),
    ),
  };
}
