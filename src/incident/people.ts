import type { Entry } from "../model/facts.ts";
import { type FactTexts, tellFact } from "./tell-fact.ts";

/** Somebody who had a part in it, and which. */
export interface Participant {
  readonly name: string;
  readonly parts: readonly string[];
}

/** Everybody who did something for the incident, in the order of their first act. */
export function peopleOf(own: readonly Entry[]): readonly Participant[] {
  const parts = new Map<string, Set<string>>();
  for (const { fact } of own) {
    const act = tellFact(fact, ACTS);
    // Its own notes are no person's part.
    if (act !== undefined && act.name !== "rollwatch") {
      parts.set(act.name, (parts.get(act.name) ?? new Set()).add(act.part));
    }
  }
  return [...parts].map(([name, did]) => ({ name, parts: [...did] }));
}

interface Act {
  readonly name: string;
  readonly part: string;
}

const ACTS: FactTexts<Act> = {
  "incident-opened": ({ reported }) =>
    reported === undefined ? undefined : { name: reported.by, part: "reported it" },
  planned: ({ plan }) =>
    plan.requestedBy === "policy"
      ? undefined
      : { name: plan.requestedBy, part: `asked for plan ${plan.id}` },
  approved: ({ by, plan, role }) => ({ name: by, part: `approved plan ${plan} as ${role}` }),
  rejected: ({ by, plan }) => ({ name: by, part: `rejected plan ${plan}` }),
  acknowledged: ({ by }) => ({ name: by, part: "looked after it" }),
  noted: ({ by }) => ({ name: by, part: "wrote notes" }),
  "task-done": ({ by }) => ({ name: by, part: "did tasks" }),
  labelled: ({ by }) => ({ name: by, part: "labelled it" }),
  closed: ({ by }) => (by === undefined ? undefined : { name: by, part: "closed it" }),
};
