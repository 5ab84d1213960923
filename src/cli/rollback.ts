import { Option } from "commander";
import type { Command } from "commander";
import { type PlanReport, RollbackRequest } from "../model/actions.ts";
import { Failure } from "../model/failure.ts";
import { changesDatabase, type Scope, SCOPES } from "../model/plan.ts";
import type { PreviewRequest, RollbackPreview } from "../model/preview.ts";
import { TRIGGERS } from "../model/trigger.ts";
import { acting, type Acting, checked, reading, tell } from "./act.ts";
import { wantsJson } from "./context.ts";
import type { CommandContext } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { exitCodeOfPlan, followPlan } from "./follow.ts";
import { EXIT } from "./ports.ts";
import { showDifferences } from "./release-diff.ts";
import { showSteps } from "./show.ts";
import type { Paint } from "./style.ts";
import { addWho } from "./who.ts";

interface RollbackOptions {
  readonly scope: Scope;
  readonly service?: readonly string[];
  readonly dependents?: boolean;
  readonly kind?: readonly string[];
  readonly to?: string;
  readonly trigger?: string;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly reason?: string;
}

const HELP = `
Shows the plan and asks before it begins; without a terminal it needs --yes.
Exit codes: 5 rolled back, 0 services restarted (or nothing refuses, with --dry-run), 3 refused, 1 failed,
4 waiting for approval.

Examples:
  rollwatch rollback --dry-run
  rollwatch rollback --reason "orders are lost since noon"
  rollwatch rollback --to rel-20261122T153012-k3f9q2 --yes --reason "as agreed in the call"
  rollwatch rollback --scope configuration --kind environment --dry-run
  rollwatch rollback --scope service --service web --dependents --reason "it leaks"
  rollwatch rollback --scope database --dry-run
  rollwatch rollback --scope schema --dry-run`;

/** `rollwatch rollback`: going back, or restarting, by hand. */
export function addRollback(program: Command, context: CommandContext): void {
  addWho(
    program
      .command("rollback")
      .description(
        "go back to a proven release by hand, or restart services; follows it to its end",
      )
      .option("--dry-run", "show the plan, its time and what would refuse it; do nothing")
      .addOption(
        new Option("--scope <scope>", "what is taken back").choices(SCOPES).default(SCOPES[0]),
      )
      .option("--service <name...>", "the services to restart, with --scope service")
      .option("--dependents", "restart those that come after them, too, each once it may")
      .option(
        "--kind <kind...>",
        "with --scope configuration: environment, database, monitoring or another declared kind (default: all of them)",
      )
      .option("--to <release>", "the release to go back to (default: the last proven one)")
      .addOption(
        new Option(
          "--trigger <trigger>",
          "what is wrong, when no incident is open (default: minor-functionality)",
        ).choices(TRIGGERS),
      )
      .option("--yes", "do not ask")
      .option("--reason <text>", "why, for everybody who wonders"),
  )
    .addHelpText("after", HELP)
    .action(async (options: RollbackOptions, command: Command) => {
      const wanted = previewOf(options);
      await (options.dryRun === true
        ? preview(wanted, command, context)
        : rollBack(options, wanted, command, context));
    });
}

function previewOf(options: RollbackOptions): PreviewRequest {
  const { scope, service, to, dependents, kind } = options;
  refuseMixture(options);
  if (scope === "service") {
    if (service === undefined) {
      throw new UsageFailure("no service is named", "add --service with the names of services");
    }
    if (to !== undefined) {
      throw new UsageFailure(
        "a restart goes back to no release",
        "leave out --to, or --scope service",
      );
    }
    return { scope, services: [...service], ...(dependents === true ? { dependents } : {}) };
  }
  if (service !== undefined) {
    throw new UsageFailure(
      "--service restarts services; going back chooses them by itself",
      "add --scope service, or leave out --service",
    );
  }
  return {
    ...(scope === "application" ? {} : { scope }),
    ...(to === undefined ? {} : { to }),
    ...(kind === undefined ? {} : { kinds: [...kind] }),
  };
}

function refuseMixture({ scope, dependents, kind }: RollbackOptions): void {
  if (kind !== undefined && scope !== "configuration") {
    throw new UsageFailure(
      "--kind chooses configuration",
      "add --scope configuration, or leave out --kind",
    );
  }
  if (dependents === true && scope !== "service") {
    throw new UsageFailure(
      "--dependents goes with restarts",
      "add --scope service, or leave out --dependents",
    );
  }
}

/** Shows a plan, and what would refuse it. */
export async function preview(
  request: PreviewRequest,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const plan = await reading(context, command, async (operations) =>
    operations.previewRollback(request, context.signal),
  );
  const text = `${describePreview(plan, context.paint)}${context.paint("quiet", "nothing was changed")}\n`;
  tell(context, command, { json: plan, text });
  if (plan.target === null && plan.scope !== "service") {
    throw nothingToGoTo();
  }
  context.finish(plan.refusals.length === 0 ? EXIT.done : EXIT.refused);
}

/** Begins a plan when nothing and nobody speaks against it, and follows it to its end. */
export async function rollBack(
  options: Pick<RollbackOptions, "scope" | "reason" | "trigger" | "yes">,
  wanted: PreviewRequest,
  command: Command,
  context: CommandContext,
): Promise<void> {
  const { scope, reason, trigger } = options;
  if (reason === undefined) {
    throw new UsageFailure("no reason is given", "add --reason, or --dry-run to see the plan");
  }
  const request = checked(RollbackRequest, {
    ...wanted,
    scope,
    reason,
    ...(trigger === undefined ? {} : { trigger }),
  });
  const waits = changesDatabase(scope);
  if (waits && options.yes === true) {
    throw new UsageFailure(
      "--yes does not answer for the database",
      "leave it out: the plan waits until a database administrator and a system administrator have approved it",
    );
  }
  const isAsked = !waits && options.yes !== true;
  if (isAsked && (!context.ports.canAsk || wantsJson(command))) {
    throw new UsageFailure(
      "nobody can be asked here",
      "add --yes; `rollwatch rollback --dry-run` shows the plan",
    );
  }
  await acting(context, command, "administer", async (parts) => {
    if (isAsked && !(await isConfirmed(context, parts, wanted))) {
      context.ports.out("nothing was changed\n");
      context.finish(EXIT.failed);
      return;
    }
    const begun = await parts.actions.rollback(request, parts.by, context.signal);
    const isShown = context.ports.isTerminal && !wantsJson(command);
    if (isShown) {
      context.ports.out(`begun: ${begun.plan}, for ${begun.incident}\n`);
    }
    const plan = await followPlan(context, parts, begun, isShown);
    tell(context, command, { json: plan, text: describeEnd(plan, context.paint) });
    context.finish(exitCodeOfPlan(plan));
  });
}

async function isConfirmed(
  { ports, paint, signal }: CommandContext,
  { operations }: Acting,
  wanted: PreviewRequest,
): Promise<boolean> {
  const plan = await operations.previewRollback(wanted, signal);
  ports.out(describePreview(plan, paint));
  if (plan.target === null && plan.scope !== "service") {
    throw nothingToGoTo();
  }
  const answer = await ports.ask("Begin? [y/N] ", signal);
  return /^y(es)?$/iu.test(answer.trim());
}

function nothingToGoTo(): Failure {
  return new Failure("catalogue-empty", "there is no proven release to go back to", {
    hint: "let the daemon watch a good release through its bake time",
  });
}

function describePreview(plan: RollbackPreview, paint: Paint): string {
  const estimate =
    plan.estimatedSeconds === null
      ? "time not known yet"
      : `about ${plan.estimatedSeconds.toFixed(1)} s`;
  const title = titleOf(plan);
  const hasPlan = plan.target !== null || plan.scope === "service";
  const lines = [
    ...(hasPlan ? [`${paint("title", title)}, ${estimate}`] : []),
    ...showSteps(plan),
    ...(plan.configuration === undefined || plan.configuration.length === 0
      ? []
      : ["what changes", ...showDifferences(paint, plan.configuration)]),
    ...plan.refusals.map(
      ({ guard, reason }) => `${paint("bad", "refused")} by ${guard}: ${reason}`,
    ),
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function titleOf({ scope, target, aside }: RollbackPreview): string {
  if (aside !== undefined) {
    return `${aside} back in the live database's place`;
  }
  return target === null ? `${scope} restart` : `${scope} rollback to ${target}`;
}

function describeEnd(plan: PlanReport, paint: Paint): string {
  if (plan.ended === null) {
    return `${paint("doubtful", "waiting for approval")}: rollwatch approve ${plan.id}\n`;
  }
  const restored = plan.aside ?? plan.target;
  const what = restored === null ? "services restarted" : `rolled back to ${restored}`;
  const word =
    plan.ended.result === "completed" ? paint("good", what) : paint("bad", plan.ended.result);
  return `${word}: ${plan.ended.reason}\n`;
}
