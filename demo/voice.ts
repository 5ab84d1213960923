import { styleText } from "node:util";

/** How the demo speaks: lines with a time, restrained colour on a terminal, none elsewhere. */
export interface Voice {
  /** A plain line, indented below the heading. */
  say(text: string): void;
  /** A line that begins a part of the story. */
  heading(text: string): void;
  good(text: string): void;
  bad(text: string): void;
  /** Something that only explains. */
  aside(text: string): void;
}

type Style = Parameters<typeof styleText>[0];

/** Speaks on a stream. */
export function openVoice(stream: NodeJS.WriteStream): Voice {
  const isColoured = stream.isTTY && process.env["NO_COLOR"] === undefined;

  function write(text: string, style?: Style): void {
    stream.write(`${style !== undefined && isColoured ? styleText(style, text) : text}\n`);
  }

  return {
    say: (text) => write(`  ${text}`),
    heading: (text) => write(`\n${text}`, "bold"),
    good: (text) => write(`  ${text}`, "green"),
    bad: (text) => write(`  ${text}`, "red"),
    aside: (text) => write(`  ${text}`, "dim"),
  };
}
