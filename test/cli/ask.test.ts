import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askOn } from "../../src/cli/ask.ts";

describe("a question at the terminal", () => {
  it("is answered with what was typed", async () => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    const answer = askOn(streams, "Begin? ", new AbortController().signal);

    streams.input.write("yes\n");

    expect(await answer).toBe("yes");
    expect(String(streams.output.read())).toContain("Begin? ");
  });

  it("is not answered by an input that ends", async () => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    const answer = askOn(streams, "Begin? ", new AbortController().signal);

    streams.input.end();

    expect(await answer).toBe("");
  });

  it("is taken back when the command is ended", async () => {
    const streams = { input: new PassThrough(), output: new PassThrough() };
    const controller = new AbortController();
    const answer = askOn(streams, "Begin? ", controller.signal);

    controller.abort();

    await expect(answer).rejects.toThrow("aborted");
  });
});
