import { describe, expect, it } from "vitest";
import { controlSettingsOf } from "../../src/app/control-settings.ts";
import { DatabaseSettings } from "../../src/config/schema.ts";
import { UpstreamSettings } from "../../src/model/application.ts";
import { storyConfig } from "../support/story-config.ts";

/** What is asked for a database and an upstream at these addresses. */
function hostsOf(database: string, upstream: string): readonly string[] {
  const story = storyConfig("/nowhere", {});
  const upstreams = [UpstreamSettings.parse({ name: "other", url: upstream })];
  return controlSettingsOf({
    ...story,
    application: { ...story.application, upstreams },
    database: DatabaseSettings.parse({ url: database }),
  }).hosts;
}

describe("where the controls look", () => {
  it.each<[string, string, readonly string[]]>([
    // an address needs no resolver
    ["postgres://u:p@10.0.0.7:5432/db", "http://[::1]:80/", []],
    // this machine knows itself
    ["postgres://u:p@localhost/db", "http://localhost:8080/", []],
    ["postgres://u:p@db.internal/db", "https://pay.example/health", ["db.internal", "pay.example"]],
    ["postgres://u:p@one.internal/db", "https://one.internal/", ["one.internal"]],
    // the folder of a socket
    ["postgres://u:p@%2Fvar%2Frun/db", "http://127.0.0.1/", []],
  ])("for %s and %s asks the resolver for %j", (database, upstream, hosts) => {
    expect(hostsOf(database, upstream)).toEqual(hosts);
  });
});
