import { assertNever } from "../model/assert-never.ts";
import { tellDuration, tellTime } from "../model/units.ts";
import type { AfterAction } from "./after-action.ts";
import type { CarriedOut } from "./carried-out.ts";
import type { Block } from "./document.ts";
import type { ChannelDelivery } from "./notices.ts";

/** Every decision with each guard's answer. */
export function decisionBlocks({ decisions }: AfterAction): readonly Block[] {
  if (decisions.length === 0) {
    return [{ kind: "text", text: "No decision is in the journal." }];
  }
  return decisions.flatMap(({ at, kind, reason, guards }) => [
    { kind: "text", text: `${tellTime(at)}: ${kind}, ${reason}` },
    {
      kind: "table",
      head: ["Guard", "Answer", "Reason"],
      rows: guards.map((one) => [
        one.guard,
        one.answer === "allow" ? "allow" : `block, at most ${one.atMost}`,
        one.reason,
      ]),
    },
  ]);
}

/** Every plan, by whose authority, with its steps. */
export function actionBlocks({ recoveries }: AfterAction): readonly Block[] {
  return recoveries.length === 0
    ? [{ kind: "text", text: "No plan was made: nothing was changed." }]
    : recoveries.flatMap(actionBlocksOf);
}

function actionBlocksOf(one: CarriedOut): readonly Block[] {
  const what = one.target === null ? "restart of services" : `rollback to ${one.target}`;
  const ended = one.ended === null ? "not ended" : `${one.ended.result}, ${one.ended.reason}`;
  return [
    {
      kind: "text",
      text: `Plan ${one.plan} (${one.scope}): ${what}; asked for by ${one.requestedBy} at ${tellTime(one.plannedAt)}; begun ${one.attempts.length === 1 ? "once" : `${one.attempts.length} times`}; ended: ${ended}.`,
    },
    { kind: "list", items: authorityOf(one) },
    {
      kind: "table",
      head: ["Begun", "Step", "Took", "Outcome", "What it said"],
      rows: one.steps.map(({ startedAt, text, finishedAt, outcome, detail }) => [
        tellTime(startedAt),
        text,
        finishedAt === null ? "" : tellDuration(finishedAt - startedAt),
        outcome,
        detail,
      ]),
    },
  ];
}

function authorityOf({ approval, requestedBy }: CarriedOut): readonly string[] {
  if (approval === null) {
    return [
      requestedBy === "policy"
        ? "By the policy of its trigger: nobody had to approve it."
        : `By ${requestedBy}, who may: nobody else had to approve it.`,
    ];
  }
  const { roles, everyRole, askedAt, given, rejected, unopposedAt } = approval;
  return [
    `Asked at ${tellTime(askedAt)} of ${roles.join(everyRole ? " and " : " or ")}.`,
    ...given.map(
      ({ by, role, at, override }) =>
        `Approved by ${by} as ${role} at ${tellTime(at)}${override === undefined ? "." : `, alone for all: ${override}`}`,
    ),
    ...(rejected === undefined
      ? []
      : [`Rejected by ${rejected.by} at ${tellTime(rejected.at)}: ${rejected.reason}`]),
    ...(given.length === 0 && rejected === undefined ? ["Nobody answered."] : []),
    ...(unopposedAt === undefined
      ? []
      : [`Begun by the policy of its trigger: nobody had said no by ${tellTime(unopposedAt)}.`]),
  ];
}

/** What the checks of health after it said. */
export function healthBlocks({ recoveries }: AfterAction): readonly Block[] {
  const blocks = recoveries.flatMap(({ plan, verification }): readonly Block[] =>
    verification === null
      ? []
      : [
          {
            kind: "text",
            text: `After plan ${plan}, at ${tellTime(verification.at)}: ${verification.result}.`,
          },
          {
            kind: "table",
            head: ["Check", "Answer", "Detail"],
            rows: verification.checks.map(({ name, passed, unmeasured, detail }) => [
              name,
              unmeasured === true ? "not measured" : passed ? "passed" : "failed",
              detail,
            ]),
          },
        ],
  );
  return blocks.length === 0
    ? [{ kind: "text", text: "Nothing was verified, since nothing was carried out to its end." }]
    : blocks;
}

/** Who was told what, and whether it arrived. */
export function noticeBlocks({ notices }: AfterAction): readonly Block[] {
  if (notices.length === 0) {
    return [{ kind: "text", text: "Nobody was told anything." }];
  }
  const rows = notices.map(({ at, urgency, title, deliveries }) => [
    tellTime(at),
    urgency,
    title,
    deliveries.length === 0 ? "to nobody" : deliveries.map(deliveryText).join("\n"),
  ]);
  return [{ kind: "table", head: ["Time", "Urgency", "Notice", "Delivery"], rows }];
}

function deliveryText({ channel, outcome, at, failures }: ChannelDelivery): string {
  const tries =
    failures.length === 0 ? "" : ` after ${failures.length} failed tries (${failures.at(-1)})`;
  switch (outcome) {
    case "delivered":
      return `${channel}: delivered at ${tellTime(at ?? 0)}${tries}`;
    case "given-up":
      return `${channel}: given up${tries}`;
    case "waiting":
      return `${channel}: not delivered yet${tries}`;
    default:
      return assertNever(outcome);
  }
}

/** People's own words. */
export function noteBlocks({ incident: { notes = [] } }: AfterAction): readonly Block[] {
  return notes.length === 0
    ? [{ kind: "text", text: "Nobody wrote a note." }]
    : [
        {
          kind: "table",
          head: ["Time", "Who", "Note"],
          rows: notes.map(({ at, by, text }) => [tellTime(at), by, text]),
        },
      ];
}

/** Everybody who had a part in it. */
export function peopleBlocks({ people }: AfterAction): readonly Block[] {
  return people.length === 0
    ? [{ kind: "text", text: "No person had a part in it." }]
    : [
        {
          kind: "table",
          head: ["Who", "Part"],
          rows: people.map(({ name, parts }) => [name, parts.join("; ")]),
        },
      ];
}

/** What was not known. */
export function unknownBlocks({ unknowns }: AfterAction): readonly Block[] {
  return [{ kind: "list", items: unknowns }];
}
