import { mkdir, writeFile } from "node:fs/promises";
import { dashboardText } from "./dashboard/dashboard.ts";

const target = new URL("../grafana/dashboards/rollwatch.json", import.meta.url);
await mkdir(new URL(".", target), { recursive: true });
await writeFile(target, dashboardText());
