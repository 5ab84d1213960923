import { createServer } from "node:http";
import { afterEach, expect, it } from "vitest";
import { testChannels } from "../../src/app/test-channels.ts";
import { closeServers, listeningPort } from "../support/servers.ts";
import { storyConfig } from "../support/story-config.ts";

afterEach(closeServers);

it("a test goes through the channels named alone, marked as one, and what they answer is told", async () => {
  const heard: string[] = [];
  const server = createServer((request, response) => {
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => heard.push(chunk));
    request.on("end", () => response.writeHead(request.url === "/good" ? 204 : 404).end());
  });
  const url = `http://127.0.0.1:${await listeningPort(server)}`;
  const channels = {
    good: { kind: "webhook" as const, url: `${url}/good` },
    bad: { kind: "webhook" as const, url: `${url}/bad` },
    other: { kind: "webhook" as const, url: `${url}/other` },
  };
  const notify = { channels, routes: { page: ["good"], tell: ["good"] } };
  const config = storyConfig("/srv", {}, { notify });

  const answers = await testChannels(
    config,
    { names: ["good", "bad"], by: "Ada" },
    new AbortController().signal,
  );

  expect(answers).toEqual([
    { channel: "good", isDelivered: true, detail: "" },
    { channel: "bad", isDelivered: false, detail: expect.stringContaining("404") },
  ]);
  expect(heard).toHaveLength(2);
  expect(heard[0]).toContain("TEST: ");
  expect(heard[0]).toContain("Ada tests how people are reached");
});
