import type { Command } from "commander";
import type { ChannelTest } from "../model/channel-test.ts";
import { tell } from "./act.ts";
import { type CommandContext, openConfig } from "./context.ts";
import { UsageFailure } from "./errors.ts";
import { EXIT } from "./ports.ts";
import { type Paint, table } from "./style.ts";
import { addWho, whoAsks } from "./who.ts";

/** `rollwatch people test`: whether pages arrive. */
export function addPeopleTest(group: Command, context: CommandContext): void {
  addWho(
    group
      .command("test")
      .description(
        "send a page marked as a test through channels, and say what each answered; it wakes whoever a page wakes",
      )
      .argument("[channel...]", "by their configured names (default: all)"),
  )
    .addHelpText(
      "after",
      "\nExit code 1 when one did not take it.\n\nExample:\n  rollwatch people test team mail",
    )
    .action(async (named: readonly string[], _options: unknown, command: Command) => {
      const config = await openConfig(context, command, "command");
      const known = Object.keys(config.notify.channels);
      const stranger = named.find((name) => !known.includes(name));
      if (stranger !== undefined) {
        throw new UsageFailure(
          `there is no channel ${JSON.stringify(stranger)}`,
          `notify.channels has ${known.join(", ")}`,
        );
      }
      const names = named.length === 0 ? known : named;
      const { by } = await whoAsks(context, command);
      const answers = await context.ports.testChannels(config, { names, by }, context.signal);
      tell(context, command, { json: { answers }, text: describe(answers, context.paint) });
      context.finish(answers.every(({ isDelivered }) => isDelivered) ? EXIT.done : EXIT.failed);
    });
}

function describe(answers: readonly ChannelTest[], paint: Paint): string {
  return table(
    paint,
    answers.map(({ channel, isDelivered, detail }) => [
      isDelivered ? { text: "delivered", tone: "good" } : { text: "failed", tone: "bad" },
      channel,
      detail,
    ]),
  );
}
