import { assertNever } from "../model/assert-never.ts";
import type { EvidenceSeries } from "./evidence.ts";

/** A part of a printed report. Texts are plain; whoever prints them escapes them. */
export type Block =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "list"; readonly items: readonly string[] }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly string[])[];
    }
  /** A box each; ticked where it is done. */
  | { readonly kind: "boxes"; readonly items: readonly { done: boolean; text: string }[] }
  /** Judgement, which rollwatch leaves to people. */
  | { readonly kind: "blank"; readonly prompt: string }
  | {
      readonly kind: "plot";
      readonly series: EvidenceSeries;
      /** Moments to mark, in their order. */
      readonly marks: readonly { readonly at: number; readonly text: string }[];
    };

/** A heading with what stands below it. */
export interface Section {
  readonly heading: string;
  readonly blocks: readonly Block[];
}

/** A report before it is printed. */
export interface Document {
  readonly title: string;
  readonly sections: readonly Section[];
}

/** The same document with each of its texts changed, as by hiding secrets. */
export function mapTexts(document: Document, change: (text: string) => string): Document {
  return {
    title: change(document.title),
    sections: document.sections.map(({ heading, blocks }) => ({
      heading: change(heading),
      blocks: blocks.map((block) => mapBlock(block, change)),
    })),
  };
}

function mapBlock(block: Block, change: (text: string) => string): Block {
  switch (block.kind) {
    case "text":
      return { ...block, text: change(block.text) };
    case "list":
      return { ...block, items: block.items.map(change) };
    case "boxes":
      return {
        ...block,
        items: block.items.map(({ done, text }) => ({ done, text: change(text) })),
      };
    case "table":
      return { ...block, rows: block.rows.map((row) => row.map(change)) };
    case "blank":
    case "plot":
      return block;
    default:
      return assertNever(block);
  }
}
