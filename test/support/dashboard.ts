import { z } from "zod";

const Dashboard = z.object({
  panels: z.array(
    z.object({
      id: z.number(),
      type: z.string(),
      title: z.string().default(""),
      description: z.string().default(""),
      gridPos: z.object({ x: z.number(), y: z.number() }),
      targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).default([]),
    }),
  ),
});

/** A query of the dashboard with the panel that it stands in. */
export interface DashboardQuery {
  readonly id: number;
  readonly title: string;
  readonly description: string;
  readonly place: string;
  readonly expr: string;
  readonly legend: string;
}

/** Every query of a dashboard's file. */
export function queriesOf(text: string): readonly DashboardQuery[] {
  return Dashboard.parse(JSON.parse(text)).panels.flatMap(
    ({ id, title, description, gridPos, targets }) =>
      targets.map(({ expr, legendFormat }) => ({
        id,
        title,
        description,
        place: `${gridPos.x},${gridPos.y}`,
        expr,
        legend: legendFormat,
      })),
  );
}
