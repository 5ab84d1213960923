import { AlertmanagerMessage, SignalReportRequest, type Incoming } from "../model/incoming.ts";
import { PATHS } from "./contract.ts";
import { acts, type Route } from "./route.ts";

const MAX_BODY_BYTES = 1024 * 1024;

/** The routes by which other programs tell what they see; each is a contact with the access `signal`. */
export function webhookRoutes(incoming: Incoming): readonly Route[] {
  return [
    acts({
      path: PATHS.alertmanager,
      summary: "Alertmanager tells of a group of alerts",
      access: "signal",
      body: AlertmanagerMessage,
      maxBodyBytes: MAX_BODY_BYTES,
      run: async ({ body }) => incoming.hearAlerts(body),
    }),
    acts({
      path: PATHS.generic,
      summary: "Any program tells that a signal is bad, or good again",
      access: "signal",
      body: SignalReportRequest,
      maxBodyBytes: MAX_BODY_BYTES,
      run: async ({ body, by }) => incoming.hearReport(body, by),
    }),
  ];
}
