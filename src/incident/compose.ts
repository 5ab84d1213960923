import type { Headings } from "../model/after-action.ts";
import type { AfterAction } from "./after-action.ts";
import type { Block, Document } from "./document.ts";
import {
  evidenceBlocks,
  impactBlocks,
  milestoneBlocks,
  summaryBlocks,
  timelineBlocks,
} from "./facts-blocks.ts";
import { OUTLINES, type Part } from "./outlines.ts";
import { checklistBlocks, taskBlocks } from "./task-blocks.ts";
import {
  actionBlocks,
  decisionBlocks,
  healthBlocks,
  noteBlocks,
  noticeBlocks,
  peopleBlocks,
  unknownBlocks,
} from "./work-blocks.ts";

const BLOCKS: Readonly<Record<Part, (report: AfterAction) => readonly Block[]>> = {
  summary: summaryBlocks,
  milestones: milestoneBlocks,
  degradation: ({ degradation }) => timelineBlocks(degradation),
  response: ({ response }) => timelineBlocks(response),
  impact: impactBlocks,
  evidence: evidenceBlocks,
  decisions: decisionBlocks,
  actions: actionBlocks,
  health: healthBlocks,
  notices: noticeBlocks,
  notes: noteBlocks,
  people: peopleBlocks,
  unknowns: unknownBlocks,
  "tasks-immediate": (report) => taskBlocks(report, "immediate"),
  "tasks-cause": (report) => taskBlocks(report, "cause"),
  "tasks-lessons": (report) => taskBlocks(report, "lessons"),
  checklists: checklistBlocks,
};

/** The report below the headings that somebody is used to. */
export function compose(report: AfterAction, headings: Headings): Document {
  const { application, incident } = report;
  return {
    title: `Incident ${incident.id}: ${application}, ${incident.trigger}`,
    sections: OUTLINES[headings].map(({ heading, parts, ask }) => ({
      heading,
      blocks: [
        ...parts.flatMap((part) => titled(part, BLOCKS[part](report))),
        ...ask.map((prompt) => ({ kind: "blank", prompt }) as const),
      ],
    })),
  };
}

const TITLES: Partial<Readonly<Record<Part, string>>> = {
  milestones: "Response against the budget:",
  degradation: "How the application fared:",
  response: "What rollwatch and people did:",
  notices: "Who was told what:",
  notes: "Notes:",
  people: "People:",
};

function titled(part: Part, blocks: readonly Block[]): readonly Block[] {
  const title = TITLES[part];
  return title === undefined ? blocks : [{ kind: "text", text: title }, ...blocks];
}
