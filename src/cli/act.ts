import type { Command } from "commander";
import type { z } from "zod";
import type { Actions } from "../model/actions.ts";
import type { Operations } from "../model/operations.ts";
import type { Access, Person } from "../model/people.ts";
import { openConfig, printJson, wantsJson, withOperations } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { isDaemonThere, remoteActions, remoteOperations } from "./daemon-client.ts";
import { UsageFailure } from "./errors.ts";
import { personOf, whoAsks } from "./who.ts";

/** What a command that acts needs: the daemon's actions, or its own while there is no daemon. */
export interface Acting {
  readonly actions: Actions;
  readonly operations: Operations;
  readonly by: Person;
}

/** What a command has to say, to programs and to people. */
export interface Told {
  readonly json: unknown;
  readonly text: string;
}

/** What a program is told of an action that answers nothing. */
export const DONE = { done: true } as const;

/** Acts through the daemon, or in its place. */
export async function acting<Result>(
  context: CommandContext,
  command: Command,
  access: Access,
  use: (acting: Acting) => Promise<Result>,
): Promise<Result> {
  const who = await whoAsks(context, command);
  const config = await openConfig(context, command, "command");
  if (await isDaemonThere(config.state, context.signal)) {
    const by: Person = { name: who.by, roles: [], access: [] };
    const actions = remoteActions(config.state, who, context.signal);
    return use({ actions, operations: remoteOperations(config.state), by });
  }
  const by = personOf(config, who, access);
  const opened = await context.ports.openActions(config);
  try {
    return await use({ actions: opened.actions, operations: opened.operations, by });
  } finally {
    await opened.close();
  }
}

/** Looks through the daemon, or without one. */
export async function reading<Result>(
  context: CommandContext,
  command: Command,
  use: (operations: Operations) => Promise<Result>,
): Promise<Result> {
  const config = await openConfig(context, command, "command");
  if (await isDaemonThere(config.state, context.signal)) {
    return use(remoteOperations(config.state));
  }
  return withOperations(context, config, async ({ operations }) => use(operations));
}

/** Says what came of a command. */
export function tell(context: CommandContext, command: Command, told: Told): void {
  if (wantsJson(command)) {
    printJson(context, told.json);
  } else {
    context.ports.out(told.text);
  }
}

/** A request as its schema reads it; every problem at once when it does not. */
export function checked<Request>(schema: z.ZodType<Request>, request: unknown): Request {
  const parsed = schema.safeParse(request);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(
      ({ path, message }) => `${path.map(String).join(".")}: ${message}`,
    );
    throw new UsageFailure(problems.join("; "), "see the command's --help");
  }
  return parsed.data;
}
