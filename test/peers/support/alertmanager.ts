import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Lab } from "../../../lab/lab.ts";
import { startProgram } from "../../../lab/program.ts";

/** Starts a real Alertmanager in the lab that tells one webhook of every alert, and repeats it every few seconds; returns its host:port. */
export async function startAlertmanager(
  lab: Lab,
  program: string,
  webhook: { readonly url: string; readonly token: string },
): Promise<string> {
  const folder = path.join(lab.folder, "alertmanager");
  const configuration = path.join(folder, "alertmanager.yml");
  const listen = `127.0.0.1:${await lab.port()}`;
  await mkdir(folder);
  await writeFile(configuration, configurationFor(webhook));
  const args = [
    `--config.file=${configuration}`,
    `--storage.path=${path.join(folder, "data")}`,
    `--web.listen-address=${listen}`,
    "--cluster.listen-address=",
    "--log.level=warn",
  ];
  await startProgram(lab, { name: "alertmanager", program, args, folder });
  return listen;
}

function configurationFor({
  url,
  token,
}: {
  readonly url: string;
  readonly token: string;
}): string {
  return `route:
  receiver: rollwatch
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 5s
receivers:
  - name: rollwatch
    webhook_configs:
      - url: ${url}
        send_resolved: true
        http_config:
          authorization: { credentials: ${token} }
`;
}
