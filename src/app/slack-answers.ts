import { z } from "zod";
import type { Actions } from "../model/actions.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { waitingRecovery } from "../model/history.ts";
import type { Decidable, Outgoing } from "../model/notice.ts";
import type { ContactSettings, Person } from "../model/people.ts";
import type { SlackAnswers, SlackHeard, SlackRequest } from "../model/slack-answer.ts";
import type { Channel } from "../notify/channel.ts";
import {
  SLACK_APPROVE,
  SLACK_REJECT,
  type SlackBotChannelSettings,
  whisper,
} from "../notify/channels/slack-bot.ts";
import type { Daemon } from "./daemon.ts";
import { isSignedBySlack, LONGEST_SKEW_MS } from "./slack-signature.ts";

/** A button that somebody pressed; what else Slack sends is not looked at. */
const Pressed = z.object({
  type: z.literal("block_actions"),
  user: z.object({ id: z.string() }),
  actions: z.tuple([
    z.object({
      action_id: z.enum([SLACK_APPROVE, SLACK_REJECT]),
      value: z.string().regex(/^\S+ \S+$/u),
    }),
  ]),
});

/** A channel that can prove who presses its buttons. */
type WithButtons = SlackBotChannelSettings & { readonly signingSecret: string };

/** An answer of a known person about a plan. */
interface Press {
  readonly settings: WithButtons;
  readonly contact: ContactSettings;
  readonly user: string;
  readonly decided: Decidable;
  readonly answer: "approve" | "reject";
}

/** What comes by buttons of Slack, on this daemon; undefined where no channel has any. */
export function daemonSlack(
  daemon: Daemon,
  actions: Pick<Actions, "approve" | "reject">,
  signal: AbortSignal,
): SlackAnswers | undefined {
  const channels = Object.values(daemon.config.notify.channels).filter((one) => hasButtons(one));
  if (channels.length === 0) {
    return undefined;
  }
  const heard = openHeard(() => daemon.world.clock.now());
  return {
    hear: (request) => {
      const settings = channels.find((one) => isSignedBySlack(request, one.signingSecret));
      const refusal = refusalOf(request, settings, heard);
      if (refusal !== undefined || settings === undefined) {
        return refuse(daemon, refusal ?? unsigned());
      }
      const press = readPress(daemon, settings, request.body);
      if ("detail" in press) {
        return refuse(daemon, press);
      }
      void decide({ daemon, actions, signal }, press);
      return { kind: "heard" };
    },
  };
}

/** The channel, whose message about a plan that waits has buttons. */
export function withButtons(daemon: Daemon, channel: Channel): Channel {
  const settings = daemon.config.notify.channels[channel.name];
  if (settings === undefined || !hasButtons(settings)) {
    return channel;
  }
  return {
    ...channel,
    send: async (notice, signal) => {
      const decision = decidable(daemon, notice);
      return channel.send(decision === undefined ? notice : { ...notice, decision }, signal);
    },
  };
}

function decidable({ journal }: Daemon, { incident }: Outgoing): Decidable | undefined {
  const { plan, approval } = waitingRecovery(journal.history()) ?? {};
  return plan === undefined || approval === undefined || plan.incident !== incident
    ? undefined
    : { plan: plan.id, hash: approval.hash };
}

function hasButtons(settings: { readonly kind: string }): settings is WithButtons {
  return (
    settings.kind === "slack-bot" &&
    "signingSecret" in settings &&
    settings.signingSecret !== undefined
  );
}

type Refusal = Extract<SlackHeard, { readonly kind: "refused" }>;

function unsigned(): Refusal {
  return { kind: "refused", status: 401, detail: "the request was not signed by Slack" };
}

function refusalOf(
  request: SlackRequest,
  settings: WithButtons | undefined,
  heard: Heard,
): Refusal | undefined {
  if (settings === undefined) {
    return unsigned();
  }
  if (!heard.isFresh(request)) {
    return { kind: "refused", status: 401, detail: "the request is too old, or from the future" };
  }
  return heard.isNew(request)
    ? undefined
    : { kind: "refused", status: 403, detail: "the request came before" };
}

/** Requests of the last minutes. */
interface Heard {
  isFresh(request: SlackRequest): boolean;
  /** Whether this one was never heard before; it is from now on. */
  isNew(request: SlackRequest): boolean;
}

function openHeard(now: () => number): Heard {
  const until = new Map<string, number>();
  return {
    isFresh: ({ timestamp }) =>
      /^\d{1,12}$/u.test(timestamp) &&
      Math.abs(now() - Number(timestamp) * 1000) <= LONGEST_SKEW_MS,
    isNew: ({ signature }) => {
      for (const [old, end] of until) {
        if (end < now()) {
          until.delete(old);
        }
      }
      const isNew = !until.has(signature);
      until.set(signature, now() + 2 * LONGEST_SKEW_MS);
      return isNew;
    },
  };
}

function readPress(daemon: Daemon, settings: WithButtons, body: string): Press | Refusal {
  const pressed = parsePressed(body);
  if (pressed === undefined) {
    return { kind: "refused", status: 400, detail: "no button of rollwatch was pressed" };
  }
  const user = pressed.user.id;
  const [action] = pressed.actions;
  const [plan = "", hash = ""] = action.value.split(" ");
  const contact = daemon.config.people.contacts.find(({ slackUser }) => slackUser === user);
  if (contact?.access.includes("approve") !== true) {
    const detail = `the member ${user.slice(0, 20)} of Slack is nobody who may decide`;
    return { kind: "refused", status: 403, detail };
  }
  const answer = action.action_id === SLACK_APPROVE ? "approve" : "reject";
  return { settings, contact, user, decided: { plan, hash }, answer };
}

/** What Slack says was pressed; undefined for whatever is no button's. */
export function parsePressed(body: string): z.infer<typeof Pressed> | undefined {
  try {
    const payload = new URLSearchParams(body).get("payload") ?? "";
    return Pressed.safeParse(JSON.parse(payload)).data;
  } catch {
    return undefined;
  }
}

function refuse({ journal, log }: Daemon, refusal: Refusal): Refusal {
  const about = { by: null, plan: null, reason: refusal.detail };
  journal.record({ kind: "answer-refused", way: "slack", ...about });
  log.warn(about, "a button of Slack was refused");
  return refusal;
}

interface DecideParts {
  readonly daemon: Daemon;
  readonly actions: Pick<Actions, "approve" | "reject">;
  readonly signal: AbortSignal;
}

/** Never rejects: nobody waits for it. Who pressed hears of a refusal, everybody of an approval. */
async function decide({ daemon, actions, signal }: DecideParts, press: Press): Promise<void> {
  const { contact, decided, answer, settings, user } = press;
  const by: Person = { name: contact.name, roles: contact.roles, access: contact.access };
  try {
    await (answer === "approve"
      ? actions.approve(decided.plan, { hash: decided.hash }, by)
      : actions.reject(decided.plan, { reason: "refused by a button in Slack" }, by));
  } catch (error) {
    const about = { by: contact.name, plan: decided.plan, reason: messageOf(error) };
    daemon.journal.record({ kind: "answer-refused", way: "slack", ...about });
    daemon.log.warn(about, "a button of Slack was refused");
    const hint = error instanceof Failure ? ` ${error.hint}` : "";
    const text = `Not decided: ${messageOf(error)}.${hint}`;
    const { clock } = daemon.world;
    await whisper(settings, { user, text }, { clock, signal }).catch(() => undefined);
  }
}
