import { DECIDE_PAGE } from "../api/contract.ts";
import type { Actions } from "../model/actions.ts";
import type { ApprovalLink, LinkAnswers } from "../model/approval-link.ts";
import { Failure, messageOf } from "../model/failure.ts";
import { waitingRecovery } from "../model/history.ts";
import type { Notice, NoticeReason } from "../model/notice.ts";
import type { ContactSettings, Person } from "../model/people.ts";
import { tellTime } from "../model/units.ts";
import type { Channel } from "../notify/channel.ts";
import { channelsOf } from "./loops.ts";
import { openLinkSigner, type LinkSigner } from "./approval-links.ts";
import type { Daemon } from "./daemon.ts";

/** Notices that ask somebody to decide. */
const ASKING: ReadonlySet<NoticeReason> = new Set([
  "recommended",
  "countdown",
  "approval-unanswered",
]);

/** What comes by links of notices, on this daemon. Whatever is refused is in the journal. */
export function daemonLinks(daemon: Daemon, { signer, actions, origin }: LinkParts): LinkAnswers {
  const { journal, world, config, log } = daemon;

  function refuse(reason: string, link?: ApprovalLink): void {
    const about = { by: link?.by ?? null, plan: link?.plan ?? null, reason };
    journal.record({ kind: "answer-refused", way: "link", ...about });
    log.warn(about, "a link was refused");
  }

  function open(token: string): { readonly link: ApprovalLink; readonly by: Person } {
    const link = signer.read(token);
    if (link === undefined) {
      refuse("the link was not made by this rollwatch, or was altered");
      throw notPermitted("this link was not made by rollwatch, or was altered on its way");
    }
    const by = config.people.contacts.find(({ name }) => name === link.by);
    if (by === undefined) {
      refuse("its person is no contact any more", link);
      throw notPermitted(`${link.by} is no contact of this rollwatch any more`);
    }
    if (world.clock.now() >= link.until) {
      refuse("it came too late", link);
      throw new Failure("refused", `this link was good until ${tellTime(link.until)}`, {
        hint: "See `rollwatch status`: another plan may wait.",
      });
    }
    return { link, by: { name: by.name, roles: by.roles, access: by.access } };
  }

  return {
    origin,
    look: async (token) => {
      const { link } = open(token);
      return { plan: await actions.plan(link.plan), by: link.by };
    },
    answer: async (token, answer) => {
      const { link, by } = open(token);
      const { plan, hash } = link;
      try {
        return answer === "approve"
          ? await actions.approve(plan, { hash }, by)
          : await actions.reject(plan, { reason: "refused by the link of a notice" }, by);
      } catch (error) {
        refuse(messageOf(error), link);
        throw error;
      }
    },
    refuse: (reason) => {
      refuse(reason);
    },
  };
}

/** What links are made with. */
export interface Linking {
  readonly signer: LinkSigner;
  /** Where people reach rollwatch's pages. */
  readonly origin: string;
}

interface LinkParts extends Linking {
  readonly actions: Pick<Actions, "plan" | "approve" | "reject">;
}

/** What links are made with; undefined where nobody could reach them. */
export async function openLinking({ config, world }: Daemon): Promise<Linking | undefined> {
  const { publicUrl: origin } = config.server;
  return origin === undefined
    ? undefined
    : { origin, signer: await openLinkSigner(world.files, config.state) };
}

/** The configured channels; those of one person alone have links. */
export function linkedChannels(daemon: Daemon, linking: Linking | undefined): readonly Channel[] {
  const { contacts } = daemon.config.people;
  return channelsOf(daemon).map((channel) => {
    const owner = contacts.find(({ linksTo }) => linksTo === channel.name);
    return owner === undefined || linking === undefined
      ? channel
      : withLinks(channel, owner, { ...linking, journal: daemon.journal });
  });
}

/**
 * The channel of one person: what asks for a decision has a link that only this person gets. It is made when it is delivered, and
 * stands in no journal and no log.
 */
function withLinks(
  channel: Channel,
  contact: ContactSettings,
  { signer, origin, journal }: Linking & Pick<Daemon, "journal">,
): Channel {
  function linkFor({ reason, incident, text }: Notice): string | undefined {
    const waiting = waitingRecovery(journal.history());
    const { plan, approval } = waiting ?? {};
    const isAsked = ASKING.has(reason) && plan?.incident === incident && text.includes(plan.id);
    if (!isAsked || approval === undefined) {
      return undefined;
    }
    const { roles, given, hash, expiresAt: until } = approval;
    const decides =
      contact.access.includes("approve") && roles.some((one) => contact.roles.includes(one));
    const hasSaid = given.some((one) => one.by === contact.name);
    return decides && !hasSaid
      ? `${origin}${DECIDE_PAGE}?t=${signer.sign({ plan: plan.id, hash, by: contact.name, until })}`
      : undefined;
  }

  return {
    ...channel,
    send: async (notice, signal) => {
      const link = linkFor(notice);
      const text =
        link === undefined ? notice.text : `Decide here, ${contact.name}: ${link}\n${notice.text}`;
      return channel.send({ ...notice, text }, signal);
    },
  };
}

function notPermitted(message: string): Failure {
  return new Failure("not-permitted", message, {
    hint: "Open the link of the notice itself, or use `rollwatch approve`.",
  });
}
