import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import type { Notice } from "../../src/model/notice.ts";
import { type Scenario, withScenario } from "../support/scenario.ts";
import type { Unlike } from "../support/story-config.ts";

/** Answers every notice with this status. */
async function withReceiver(status: number, body: (url: string) => Promise<void>): Promise<void> {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  try {
    await body(`http://127.0.0.1:${portOf(server.address())}/`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => {
      server.close(resolve);
    });
  }
}

function portOf(address: AddressInfo | string | null): number {
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function provenBy(url: string, more: Partial<NonNullable<Unlike["notify"]>> = {}): Unlike {
  return {
    notify: {
      channels: {
        log: { kind: "log" },
        operations: { kind: "webhook", url, timeout: "60s" },
      },
      proof: "20m",
      ...more,
    },
  };
}

function queued(story: Scenario, reason: Notice["reason"]): readonly Notice[] {
  return story
    .facts()
    .flatMap((fact) => (fact.kind === "notice-queued" ? [fact.notice] : []))
    .filter((notice) => notice.reason === reason);
}

describe("a channel", () => {
  it("proves each period that notices arrive there, once however often rollwatch is started, and a log never", async () => {
    await withReceiver(204, async (url) => {
      await withScenario(
        {},
        async (story) => {
          await story.beginsProven("good-1");
          await story.passes("5m");
          await story.stopsRollwatch();
          await story.startsRollwatch();
          await story.passes("5m");
          const first = queued(story, "channel-proof");
          await story.passes("20m");

          expect(first).toMatchObject([{ urgency: "tell", channels: ["operations"] }]);
          expect(queued(story, "channel-proof")).toHaveLength(2);
          const id = first[0]?.id;
          expect(story.facts()).toContainEqual({
            kind: "notice-delivered",
            notice: id,
            channel: "operations",
          });
        },
        provenBy(url),
      );
    });
  });

  it("that does not take the proof is told by the others", async () => {
    await withReceiver(500, async (url) => {
      await withScenario(
        {},
        async (story) => {
          await story.beginsProven("good-1");
          await story.passesUntil(
            (fact) => fact.kind === "notice-queued" && fact.notice.reason === "channel-failing",
          );

          expect(queued(story, "channel-failing")).toMatchObject([{ channels: ["log"] }]);
          const { title, text } = story.notice("channel-failing");
          expect(title).toBe("story: notices do not arrive at operations");
          expect(text).toContain("server-error");
        },
        provenBy(url),
      );
    });
  });

  it("is not asked for proofs where none are wanted", async () => {
    await withReceiver(204, async (url) => {
      await withScenario(
        {},
        async (story) => {
          await story.beginsProven("good-1");
          await story.passes("30m");

          expect(queued(story, "channel-proof")).toEqual([]);
        },
        provenBy(url, { proof: "0s" }),
      );
    });
  });
});
