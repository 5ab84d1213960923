import http from "node:http";
import path from "node:path";
import { text } from "node:stream/consumers";
import type { Entry } from "../src/model/facts.ts";
import type { Role } from "../src/model/role.ts";
import type { Watcher } from "./watcher.ts";

const LIMIT_MS = 10_000;

/** A plan that waits for people. */
export interface Asked {
  readonly plan: string;
  readonly hash: string;
  readonly roles: readonly Role[];
  readonly everyRole: boolean;
}

/** The plan for which approval was asked first; undefined while none waits. */
export function askedFor(entries: readonly Entry[]): Asked | undefined {
  for (const { fact } of entries) {
    if (fact.kind === "approval-asked") {
      return fact;
    }
  }
  return undefined;
}

/** Approves a plan as the people of the configuration would: in each role that must, or in the first that may. */
export async function approve(watcher: Watcher, asked: Asked): Promise<void> {
  const roles = asked.everyRole ? asked.roles : asked.roles.slice(0, 1);
  const spent = new Set<string>();
  for (const role of roles) {
    const person = watcher.approvers.find(
      (one) => one.roles.includes(role) && !spent.has(one.name),
    );
    if (person === undefined) {
      throw new Error(`the configuration names nobody with a token who is ${role}`);
    }
    spent.add(person.name);
    await post(watcher, asked, person.token);
  }
}

async function post(watcher: Watcher, asked: Asked, token: string): Promise<void> {
  const answer = await new Promise<http.IncomingMessage>((resolve, reject) => {
    const request = http.request({
      socketPath: path.join(watcher.state, "rollwatch.sock"),
      path: `/api/v1/plans/${asked.plan}/approve`,
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      signal: AbortSignal.timeout(LIMIT_MS),
    });
    request.once("response", resolve);
    request.once("error", reject);
    request.end(JSON.stringify({ hash: asked.hash }));
  });
  const body = await text(answer);
  if ((answer.statusCode ?? 500) >= 300) {
    throw new Error(`approving ${asked.plan} was answered ${answer.statusCode}: ${body}`);
  }
}
