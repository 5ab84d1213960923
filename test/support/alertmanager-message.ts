import { AlertmanagerMessage } from "../../src/model/incoming.ts";

/** An alert of a test, by its name. */
interface TestAlert {
  readonly name: string;
  readonly status?: "firing" | "resolved";
  readonly summary?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** What Alertmanager sends about these alerts of one group. */
export function anAlertmanagerMessage(
  alerts: readonly TestAlert[],
  more: Partial<AlertmanagerMessage> = {},
): AlertmanagerMessage {
  return AlertmanagerMessage.parse({
    version: "4",
    groupKey: "{}:{}",
    alerts: alerts.map(({ name, status = "firing", summary, labels }) => ({
      status,
      labels: { alertname: name, ...labels },
      annotations: summary === undefined ? {} : { summary },
      fingerprint: name,
    })),
    ...more,
  });
}
