import type { Scene } from "../lab/rehearsal.ts";
import type { Plan } from "../src/model/plan.ts";
import { tellFact } from "./facts.ts";
import { tellScene } from "./scenes.ts";
import type { Telling } from "./telling.ts";
import type { Voice } from "./voice.ts";

/** Tells a rehearsal while it happens. */
export interface Story {
  show(scene: Scene): void;
}

/** A story in a voice; times count from `begun`, and from the new release's first process, or the fault's beginning, once there is one. */
export function openStory(voice: Voice, begun: number): Story {
  const stepStarts = new Map<string, number>();
  let plan: Plan | undefined;
  let zero = begun;
  const telling: Telling = {
    voice,
    time: (at) => {
      const seconds = (at - zero) / 1000;
      return `${seconds < 0 ? "-" : "+"}${Math.abs(seconds).toFixed(1)} s`.padStart(9);
    },
    plan: () => plan,
    begunAt: (step) => stepStarts.get(step),
  };

  return {
    show(scene) {
      if (scene.kind !== "fact") {
        zero = beginningOf(scene) ?? zero;
        tellScene(telling, scene);
        return;
      }
      const { fact, at } = scene.entry;
      plan = fact.kind === "planned" ? fact.plan : plan;
      if (fact.kind === "step-started") {
        stepStarts.set(fact.step, at);
      }
      tellFact(telling, fact, at);
    },
  };
}

/** The moment from which the story counts, where a scene brings it. */
function beginningOf(scene: Scene): number | undefined {
  if (scene.kind === "deployed") {
    return scene.deployment.firstProcessAt;
  }
  return scene.kind === "fault-began" ? scene.at : undefined;
}
