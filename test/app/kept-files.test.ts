import { describe, expect, it } from "vitest";
import { keptFiles } from "../../src/app/kept-files.ts";
import { ApplicationSettings } from "../../src/model/application.ts";
import type { Change } from "../../src/model/identity.ts";
import { aChange, aRelease, anIdentity, NOON } from "../support/builders.ts";

const MINUTE = 60_000;
const APPLICATION = ApplicationSettings.parse({
  name: "app",
  root: "/srv/app",
  pm2Home: "/srv/pm2",
  services: [{ name: "api" }],
  artifacts: ["server"],
  configFiles: { environment: [".env"], monitoring: ["limits.yaml"] },
});
const TARGET = aRelease({
  capturedAt: NOON - 60 * MINUTE,
  identity: anIdentity({ configFiles: { ".env": "old", "limits.yaml": "old" } }),
});

/** A change seen so many minutes before noon, after which the files had these hashes. */
function changed(minutesAgo: number, files: Readonly<Record<string, string>>): Change {
  const at = NOON - minutesAgo * MINUTE;
  const configFiles = { ".env": "old", "limits.yaml": "old", ...files };
  return aChange({ after: at - 1000, at, to: anIdentity({ configFiles }) });
}

interface Row {
  readonly changes: readonly Change[];
  readonly blamed: readonly Change[];
  readonly kept: readonly string[];
}

const ROTATION = changed(30, { ".env": "new" });
const DEPLOYMENT = changed(1, { ".env": "new", "limits.yaml": "new" });
const ITS_SECOND_SIGHT = changed(0, { ".env": "new", "limits.yaml": "new" });
const ROWS: Readonly<Record<string, Row>> = {
  "keeps a file that was changed half an hour before the deployment, and restores the one that came with it":
    {
      changes: [ROTATION, DEPLOYMENT],
      blamed: [ROTATION, DEPLOYMENT],
      kept: [".env"],
    },
  "keeps it also when the earlier change lies outside the blame window": {
    changes: [ROTATION, DEPLOYMENT],
    blamed: [DEPLOYMENT],
    kept: [".env"],
  },
  "takes a deployment that is seen in two changes for one": {
    changes: [ROTATION, DEPLOYMENT, ITS_SECOND_SIGHT],
    blamed: [DEPLOYMENT, ITS_SECOND_SIGHT],
    kept: [".env"],
  },
  "restores what was changed only minutes before: it belongs to the deployment": {
    changes: [changed(4, { ".env": "new" }), DEPLOYMENT],
    blamed: [changed(4, { ".env": "new" }), DEPLOYMENT],
    kept: [],
  },
  "restores everything when the deployment is the only change": {
    changes: [DEPLOYMENT],
    blamed: [DEPLOYMENT],
    kept: [],
  },
  "keeps nothing for a change from before the capture": {
    changes: [changed(90, { ".env": "new" }), DEPLOYMENT],
    blamed: [DEPLOYMENT],
    kept: [],
  },
  "restores a file that was changed back in between and again by the deployment": {
    changes: [ROTATION, changed(20, {}), DEPLOYMENT],
    blamed: [DEPLOYMENT],
    kept: [],
  },
  "keeps nothing when nobody is to blame": { changes: [ROTATION], blamed: [], kept: [] },
};

describe("the files that a rollback keeps", () => {
  it.each(Object.entries(ROWS))("%s", (_name, { changes, blamed, kept }) => {
    const from = DEPLOYMENT.to;

    const files = keptFiles({ application: APPLICATION, target: TARGET, from, changes, blamed });

    expect(files.map((file) => file.path)).toEqual(kept);
  });

  it("are told with the time of the deployment that they were changed before", () => {
    const blamed = [DEPLOYMENT];
    const changes = [ROTATION, DEPLOYMENT];

    const [file] = keptFiles({
      application: APPLICATION,
      target: TARGET,
      from: DEPLOYMENT.to,
      changes,
      blamed,
    });

    expect(file?.reason).toContain("2026-11-22 11:59:00 UTC");
  });

  it("are none that are as they were captured", () => {
    const changes = [ROTATION, DEPLOYMENT];

    const files = keptFiles({
      application: APPLICATION,
      target: TARGET,
      from: TARGET.identity,
      changes,
      blamed: [DEPLOYMENT],
    });

    expect(files).toEqual([]);
  });
});
