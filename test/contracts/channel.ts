import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/model/notice.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { aNotice } from "../support/builders.ts";

/** A channel under test with a way to see what arrived, as one text per notice. */
export interface ChannelUnderTest {
  readonly channel: Channel;
  readonly arrived: () => readonly string[];
}

type Field = "title" | "text" | "reason" | "urgency";

/** What every channel promises. `fields` are those of a notice that it has room for. */
export function channelContract(
  name: string,
  open: () => Promise<ChannelUnderTest>,
  fields: readonly Field[] = ["title", "text", "reason", "urgency"],
): void {
  describe(`the contract of a channel: ${name}`, () => {
    it(`delivers the notice: ${fields.join(", ")}`, async () => {
      const { channel, arrived } = await open();
      const notice = aNotice({ title: "down", text: 'first line\nsecond "line" ü' });

      const delivery = await channel.send(notice, new AbortController().signal);

      expect(delivery).toMatchObject({ kind: "delivered" });
      expect(arrived()).toHaveLength(1);
      expect(fieldsOf(arrived()[0])).toMatchObject(wanted(notice, fields));
    });

    it("delivers the same notice again when asked again", async () => {
      const { channel, arrived } = await open();

      await channel.send(aNotice(), new AbortController().signal);
      await channel.send(aNotice(), new AbortController().signal);

      expect(arrived()).toHaveLength(2);
    });

    it("sends nothing when it is over already", async () => {
      const { channel, arrived } = await open();
      const reason = new Error("shutting down");

      const result = channel.send(aNotice(), AbortSignal.abort(reason));

      await expect(result).rejects.toBe(reason);
      expect(arrived()).toEqual([]);
    });

    it("has the name it was given", async () => {
      const { channel } = await open();

      expect(channel.name).toBe("test");
    });
  });
}

function wanted(notice: Notice, fields: readonly Field[]): Readonly<Record<string, string>> {
  return Object.fromEntries(fields.map((field) => [field, notice[field]]));
}

function fieldsOf(text: string | undefined): unknown {
  return JSON.parse(text ?? "null");
}
