import { describe, expect, it } from "vitest";
import {
  COMPONENT_STATES,
  type ComponentState,
  type PublicComponent,
  type PublicIncident,
  type PublicView,
} from "../../../src/model/public-page.ts";
import { PUBLIC_DOCUMENTS } from "../../../src/notify/status-page/documents.ts";
import { NOON } from "../../support/builders.ts";

const HOSTILE = `<script>alert("1")</script> & "Ü" \u0001`;

function aComponent(name: string, state: ComponentState): PublicComponent {
  return { name, state, stateByIncidents: state };
}

function aPublicIncident(over: Partial<PublicIncident> = {}): PublicIncident {
  return {
    id: "inc-1",
    name: "Service unavailable",
    phase: "identified",
    impact: "critical",
    components: ["Web"],
    updates: [
      { phase: "investigating", at: NOON, text: "We are looking." },
      { phase: "identified", at: NOON + 5000, text: "SYSTEM UNDERGOING ROLLBACK." },
    ],
    ...over,
  };
}

function aView(over: Partial<PublicView> = {}): PublicView {
  return {
    title: "Radiation Health",
    url: "https://status.example.com/",
    changedAt: NOON + 5000,
    components: [aComponent("Web", "major_outage"), aComponent("Import", "operational")],
    incidents: [aPublicIncident(), aPublicIncident({ id: "inc-0", phase: "resolved" })],
    ...over,
  };
}

function body(path: string, over: Partial<PublicView> = {}): string {
  return PUBLIC_DOCUMENTS[path]?.(aView(over)).body ?? "";
}

/** Every tag that is opened is closed in order. */
function isWellFormed(text: string): boolean {
  const open: string[] = [];
  for (const [, end, name = "", own] of text.matchAll(/<(\/?)([a-z]\w*)[^>]*?(\/?)>/gu)) {
    if (end === "" && own === "") {
      open.push(name);
    } else if (end !== "" && open.pop() !== name) {
      return false;
    }
  }
  return open.length === 0;
}

describe("the page in Statuspage's format", () => {
  it("sums up parts, open incidents with their updates newest first, and the worst state", () => {
    expect(JSON.parse(body("/api/v2/summary.json"))).toMatchObject({
      page: {
        id: "radiation-health",
        name: "Radiation Health",
        url: "https://status.example.com/",
        time_zone: "Etc/UTC",
        updated_at: "2026-11-22T12:00:05.000Z",
      },
      status: { indicator: "critical", description: "Major Service Outage" },
      components: [
        { id: "web", name: "Web", status: "major_outage", position: 1, group: false },
        { id: "import", name: "Import", status: "operational", position: 2 },
      ],
      incidents: [
        {
          id: "inc-1",
          status: "identified",
          impact: "critical",
          shortlink: "https://status.example.com/#inc-1",
          started_at: "2026-11-22T12:00:00.000Z",
          resolved_at: null,
          components: [{ id: "web" }],
          incident_updates: [
            { id: "inc-1-2", status: "identified", body: "SYSTEM UNDERGOING ROLLBACK." },
            { id: "inc-1-1", status: "investigating" },
          ],
        },
      ],
      scheduled_maintenances: [],
    });
  });

  it.each([
    ["operational", "none"],
    ["degraded_performance", "minor"],
    ["partial_outage", "major"],
    ["major_outage", "critical"],
    ["under_maintenance", "maintenance"],
  ] as const)("says of a worst part that is %s: %s", (state, indicator) => {
    const components = [aComponent("Web", state)];

    const status: unknown = JSON.parse(body("/api/v2/status.json", { components }));

    expect(status).toMatchObject({ status: { indicator } });
  });

  it("lists all incidents, and those that are not over", () => {
    const all = JSON.parse(body("/api/v2/incidents.json"));
    const open = JSON.parse(body("/api/v2/incidents/unresolved.json"));

    expect(all).toMatchObject({ incidents: [{ id: "inc-1" }, { id: "inc-0" }] });
    expect(open.incidents).toHaveLength(1);
  });
});

describe("the page for people", () => {
  it("tells parts and incidents in words, with no script and nothing to fetch", () => {
    const html = body("/");

    expect(html).toContain("SYSTEM UNDERGOING ROLLBACK");
    expect(html).toContain("Major outage");
    expect(html).toContain('<html lang="en">');
    expect(html).not.toMatch(/<script|<img|src=|@import|url\(/u);
  });

  const withHostile = {
    title: HOSTILE,
    components: [aComponent(HOSTILE, "operational")],
    incidents: [aPublicIncident({ name: HOSTILE, components: [HOSTILE] })],
  };

  it.each(["/", "/history.atom", "/badge.svg"])("shows a hostile name as a text in %s", (path) => {
    const text = body(path, withHostile);

    expect(text).not.toContain("<script");
    expect(text).not.toContain("\u0001");
  });
});

describe("the feed", () => {
  it("has an entry for each update, newest first, with an id that stays", () => {
    const feed = body("/history.atom", { incidents: [aPublicIncident()] });

    expect([...feed.matchAll(/<entry><id>(.*?)<\/id>/gu)].map(([, id]) => id)).toEqual([
      "urn:rollwatch:inc-1:2",
      "urn:rollwatch:inc-1:1",
    ]);
    expect(feed).toContain("<id>https://status.example.com/</id>");
    expect(isWellFormed(feed)).toBe(true);
  });

  it("has an id of its own where nobody said where the page is found", () => {
    const { url: _url, ...view } = aView();

    const feed = PUBLIC_DOCUMENTS["/history.atom"]?.(view).body;

    expect(feed).toContain("<id>urn:rollwatch:radiation-health</id>");
    expect(feed).not.toContain("<link");
  });
});

describe("the badge", () => {
  it.each(COMPONENT_STATES)("is a picture with its words as a text: %s", (state) => {
    const svg = body("/badge.svg", { components: [aComponent("Web", state)] });

    expect(svg).toMatch(/aria-label="status: [A-Z][A-Za-z ]+"/u);
    expect(isWellFormed(svg)).toBe(true);
  });
});
