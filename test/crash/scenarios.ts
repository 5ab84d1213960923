import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import type { Lab } from "../../lab/lab.ts";
import { openVolume } from "../../lab/volume.ts";
import type { CrashSetting } from "../live/support/crash-lab.ts";
import { BAD, GOOD } from "../live/support/two-services.ts";
import { asked, goodRelease, PEOPLE, servedProblems, untilGood } from "./asking.ts";
import { openDatabaseScenario } from "./database-scenario.ts";
import type { Scenario } from "./scenario.ts";
import { openSchemaScenario } from "./schema-scenario.ts";
import type { Way } from "./ways.ts";

const application: Scenario = {
  name: "application",
  isAskedFor: false,
  outcome: "completed, rolled-back",
  begin: async (lab) => lab.app.deployBad(),
  resume: async () => undefined,
  reset: untilGood,
  askBeside: async (lab, state) => {
    await asked(state, { to: await goodRelease(lab) });
  },
  problems: async (lab, { wasMade, passedOver }) => {
    const { commit, changes } = await lab.app.head();
    const expected = wasMade ? lab.app.commits.good : lab.app.commits.bad;
    return [
      ...(await servedProblems(lab, wasMade ? GOOD : BAD)),
      ...(passedOver.includes("point-git") || (commit === expected && changes === "")
        ? []
        : [`git has ${commit} ${changes}`]),
    ];
  },
};

const service: Scenario = {
  name: "service",
  isAskedFor: true,
  outcome: "completed, serviced",
  begin: async (lab) => {
    await asked(lab.state, { scope: "service", services: ["api", "worker"] });
  },
  resume: async () => undefined,
  reset: untilGood,
  askBeside: async (_lab, state) => {
    await asked(state, { scope: "service", services: ["api", "worker"] });
  },
  problems: async (lab) => servedProblems(lab),
};

const LEFT_OVER = "LEFT_OVER=1";

const configuration: Scenario = {
  name: "configuration",
  isAskedFor: true,
  outcome: "completed, rolled-back",
  begin: async (lab) => {
    await appendFile(join(lab.app.root, ".env"), `${LEFT_OVER}\n`);
    // What a person wrote long ago is on the disk.
    await lab.volume?.sync();
    await asked(lab.state, { scope: "configuration", to: await goodRelease(lab) });
  },
  resume: async () => undefined,
  reset: async (lab) => {
    const { ".env": text = "" } = await lab.app.files();
    if (text.includes(LEFT_OVER) || (await lab.app.served()) !== GOOD) {
      await lab.app.deployGood();
    }
  },
  askBeside: async (lab, state) => {
    await asked(state, { scope: "configuration", to: await goodRelease(lab) });
  },
  problems: async (lab, { wasMade }) => {
    const { ".env": text = "" } = await lab.app.files();
    return [
      ...(await servedProblems(lab)),
      ...(text.includes(LEFT_OVER) === wasMade ? [`.env is ${JSON.stringify(text)}`] : []),
    ];
  },
};

/** What a scenario's lab is opened with. */
export async function settingOf(
  lab: Lab,
  name: Scenario["name"],
  { needsVolume }: Way,
): Promise<{ readonly setting: CrashSetting; readonly scenario: Scenario }> {
  const { setting, scenario } = await openScenario(lab, name);
  return needsVolume
    ? { setting: { ...setting, volume: await openVolume(lab) }, scenario }
    : { setting, scenario };
}

async function openScenario(
  lab: Lab,
  name: Scenario["name"],
): Promise<{ readonly setting: CrashSetting; readonly scenario: Scenario }> {
  if (name === "database") {
    return openDatabaseScenario(lab);
  }
  if (name === "schema") {
    return openSchemaScenario(lab);
  }
  return { setting: { people: PEOPLE }, scenario: { application, service, configuration }[name] };
}
