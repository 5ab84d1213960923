import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { advisoriesOf } from "../../src/app/target-advisories.ts";
import type { TargetAdvisories } from "../../src/decide/situation.ts";
import { rememberAudits } from "../../src/system/npm-audit.ts";
import { aRelease, anIdentity } from "../support/builders.ts";
import { withDaemon } from "../support/daemon.ts";
import { anAdvisory, fakeAudits } from "../support/fakes/audits.ts";

const NEVER = new AbortController().signal;

interface Case {
  /** What was told of the lock file that runs, and of the target's; none: nobody asked. */
  readonly now?: Parameters<typeof anAdvisory>[0][];
  readonly earlier?: Parameters<typeof anAdvisory>[0][];
  /** The hash of the lock file that runs; the target's is 1111. */
  readonly lockfile?: string;
}

async function found({ now, earlier, lockfile = "2222" }: Case): Promise<TargetAdvisories> {
  let advisories: TargetAdvisories = { kind: "unknown", reason: "the test looked not" };
  await withDaemon(async ({ daemon }) => {
    const { config, catalogue, world } = daemon;
    const asked = fakeAudits();
    const audits = rememberAudits(asked);
    const release = aRelease();
    const places = { now: config.application.root, earlier: catalogue.treeOf(release.id) };
    for (const [text, told] of Object.entries({ now, earlier })) {
      const path = join(text === "now" ? places.now : places.earlier, config.application.lockfile);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, text);
      if (told !== undefined) {
        asked.set(text, { kind: "audited", advisories: told.map((one) => anAdvisory(one)) });
        await audits.audit({ lockfile: text }, { timeoutMs: 1000 }, NEVER);
      }
    }
    const ports = { config, catalogue, world: { ...world, audits } };
    advisories = await advisoriesOf(ports, release, anIdentity({ lockfile }));
  });
  return advisories;
}

describe("the advisories that going back would bring back", () => {
  it("are the critical ones of the target that what runs has not", async () => {
    const both = { id: "1", package: "both" };
    const earlier = [both, { id: "2", title: "Reads\n/etc" }, { id: "3", level: "high" } as const];

    expect(await found({ now: [both, { id: "9" }], earlier })).toEqual({
      kind: "known",
      added: ["left-pad: Reads /etc"],
    });
  });

  it("are none where both depend on the same, whoever was asked", async () => {
    expect(await found({ lockfile: "1111" })).toEqual({ kind: "known", added: [] });
  });

  it.each([{ now: [] }, { earlier: [] }])(
    "are unknown while nobody told both: %j",
    async (told) => {
      expect(await found(told)).toEqual({
        kind: "unknown",
        reason: "no signal asks for advisories",
      });
    },
  );
});
