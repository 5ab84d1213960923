import type { Command } from "commander";
import { ApproveRequest, type PlanReport, RejectRequest } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { acting, checked, tell } from "./act.ts";
import { wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { EXIT } from "./ports.ts";
import { showPlan } from "./show.ts";
import { addWho, whoAsks } from "./who.ts";

/** `rollwatch approve` and `reject`: the word of a person on a waiting plan. */
export function addApprove(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("approve")
      .description("say yes to a waiting plan, in your role; shows it first")
      .argument("<id>", "of the plan")
      .option("--yes", "do not ask")
      .option("--override <reason>", "decide alone what takes two people; everybody is told"),
  )
    .addHelpText(
      "after",
      "\nNeeds your token, from ROLLWATCH_TOKEN or --token-file. The approval is for the plan that is shown and no other.\nExit code 4 when another role must still approve.\n\nExample:\n  rollwatch approve plan-20261122T153012-k3f9q2 --token-file ~/.rollwatch-token",
    )
    .action(async (id: string, options: Answering, command: Command) => {
      await approve(id, options, command, context);
    });
  addWho(
    program
      .command("reject")
      .description("say no to a waiting plan; one no is enough")
      .argument("<id>", "of the plan")
      .requiredOption("--reason <text>", "why not"),
  )
    .addHelpText(
      "after",
      '\nNeeds your token, from ROLLWATCH_TOKEN or --token-file.\n\nExample:\n  rollwatch reject plan-20261122T153012-k3f9q2 --reason "it is the upstream"',
    )
    .action(async (id: string, options: { reason: string }, command: Command) => {
      const request = checked(RejectRequest, { reason: options.reason });
      await requireToken(command, context);
      const plan = await acting(context, command, "approve", async ({ actions, by }) => {
        showFirst(await actions.plan(id), command, context);
        return actions.reject(id, request, by);
      });
      tell(context, command, { json: plan, text: `rejected ${id}\n` });
    });
}

interface Answering {
  readonly yes?: boolean;
  readonly override?: string;
}

async function approve(
  id: string,
  { yes: isSure = false, override }: Answering,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const { ports, signal } = context;
  const { override: alone } = checked(ApproveRequest, override === undefined ? {} : { override });
  await requireToken(command, context);
  await acting(context, command, "approve", async ({ actions, by }) => {
    const looked = await actions.plan(id);
    showFirst(looked, command, context);
    if (!isSure && ports.canAsk && !wantsJson(command)) {
      const answer = await ports.ask("Approve? [y/N] ", signal);
      if (!/^y(es)?$/iu.test(answer.trim())) {
        ports.out("not approved\n");
        context.finish(EXIT.failed);
        return;
      }
    }
    const plan = await actions.approve(
      id,
      { hash: looked.hash, ...(alone === undefined ? {} : { override: alone }) },
      by,
    );
    tell(context, command, { json: plan, text: describeApproval(plan) });
    context.finish(plan.state === "waiting" ? EXIT.waiting : EXIT.done);
  });
}

function showFirst(plan: PlanReport, command: Command, context: CommandContext): void {
  if (!wantsJson(command)) {
    context.ports.out(showPlan(context.paint, plan, context.ports.now()));
  }
}

async function requireToken(command: Command, context: CommandContext): Promise<void> {
  const { token } = await whoAsks(context, command);
  if (token === undefined) {
    throw new Failure("not-permitted", "deciding on a plan needs a person's token", {
      hint: "put yours into ROLLWATCH_TOKEN, or name a file that holds it with --token-file",
    });
  }
}

function describeApproval(plan: PlanReport): string {
  if (plan.state !== "waiting") {
    return "approved; see `rollwatch status` for how it goes\n";
  }
  const given = new Set(plan.approval?.given.map((one) => one.role));
  const missing = plan.approval?.roles.filter((role) => !given.has(role)) ?? [];
  return `approved; it still waits for ${missing.join(" and ")}\n`;
}
