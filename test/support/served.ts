import { request } from "node:http";
import type { RequestOptions } from "node:http";
import type { ApiPorts } from "../../src/api/routes.ts";
import { ContactSettings } from "../../src/model/people.ts";
import { fakeActions } from "./fakes/actions.ts";
import { fakeOperations } from "./fakes/operations.ts";

/** What came back over HTTP. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

/** One request on a connection of its own. */
export async function ask(options: RequestOptions, body = ""): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ agent: false, ...options }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => {
        const type = response.headers["content-type"] ?? "";
        resolve({ status: response.statusCode ?? 0, type, headers: response.headers, body: text });
      });
    });
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

/** The tokens of the people below. */
export const TOKENS = {
  ada: "ada-0123456789abcdef-1",
  // The same but for its last character.
  grace: "ada-0123456789abcdef-2",
  linus: "linus-0123456789abcdef",
  rita: "rita-0123456789abcdef",
} as const;

/** An approver, an administrator, one who may only acknowledge, one who may only read, and one without a token. */
export function aTeam(): readonly ContactSettings[] {
  return [
    { name: "Ada", roles: ["system-administrator"], access: ["approve"], token: TOKENS.ada },
    { name: "Grace", roles: ["devops-engineer"], access: ["administer"], token: TOKENS.grace },
    { name: "Linus", access: ["acknowledge"], token: TOKENS.linus },
    { name: "Rita", access: ["read"], token: TOKENS.rita },
    { name: "Nobody" },
  ].map((contact) => ContactSettings.parse(contact));
}

/** Ports of an interface whose operations and actions are fakes. */
export function servedPorts(more: Partial<ApiPorts> = {}): ApiPorts {
  return {
    version: "9.9.9",
    operations: fakeOperations(),
    actions: fakeActions().actions,
    incoming: {
      heartbeats: [],
      checkIn: async () => undefined,
      hearAlerts: async () => undefined,
      hearReport: async () => undefined,
    },
    metrics: { contentType: "text/plain; version=0.0.4", render: async () => "up 1\n" },
    people: { contacts: [...aTeam()] },
    statusPage: { paths: [], read: () => ({ type: "text/plain", body: "" }) },
    clock: { monotonic: () => 0 },
    onFailure: () => undefined,
    readiness: () => ({ kind: "ready" }),
    ...more,
  };
}
