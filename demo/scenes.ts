import { SERVICES } from "../lab/radiation-system.ts";
import type { Scene } from "../lab/rehearsal.ts";
import type { Telling } from "./telling.ts";

type SceneKind = Exclude<Scene["kind"], "fact">;
type SceneMap = { readonly [K in SceneKind]: Extract<Scene, { readonly kind: K }> };
type SceneOf<K extends SceneKind> = { [P in K]: { readonly kind: P } & SceneMap[P] }[K];

/** How each scene of the lab is told; rollwatch's own record is told by `facts.ts`. */
const TELLERS: { readonly [K in SceneKind]: (telling: Telling, scene: SceneOf<K>) => void } = {
  "cluster-started": ({ voice }, { cluster }) => {
    const { programs, port } = cluster;
    const origin = programs.isEmbedded ? "embedded, from npm" : programs.bin;
    voice.heading("What is watched");
    voice.say(`PostgreSQL ${programs.version} on 127.0.0.1:${port} (${origin})`);
  },
  "system-started": ({ voice }, { system }) => {
    voice.say(`the radiation system on ${system.api}, release v1.4.0, under its own pm2:`);
    voice.aside(SERVICES.join(", "));
  },
  watching: ({ voice }, { watcher }) => {
    voice.heading(`rollwatch watches (${watcher.url})`);
    voice.say("with the shipped config/rollwatch.yaml, in which these lines are different:");
    for (const { line, before, after } of watcher.differences) {
      voice.aside(`${String(line).padStart(4)} - ${before}`);
      voice.aside(`     + ${after}`);
    }
    voice.say("a release must be healthy through its bake time before one can go back to it …");
  },
  warm: ({ voice }) => {
    voice.good(
      "           a copy of the database waits beside it, compared row by row with its moment",
    );
  },
  deploying: ({ voice }, { release }) => {
    voice.heading(`A new release: v${release.version}, ${release.title}`);
    voice.aside(release.story);
    voice.say("deployed by the team's script, without a word to rollwatch …");
  },
  deployed: ({ voice }, { deployment }) => {
    voice.say(
      `deployed: commit ${deployment.commit.slice(0, 12)}; times count from its first process`,
    );
  },
  "fault-began": ({ voice }, { release }) => {
    const isAlone = release.change === "none";
    voice.heading(`A fault ${isAlone ? "without any change" : "from outside"}: ${release.title}`);
    if (isAlone) {
      voice.aside(release.story);
    }
    voice.say("times count from its beginning");
  },
  "fault-ended": ({ voice, time }, { at }) => {
    voice.aside(`${time(at)}  the fault from outside is over`);
  },
  reported: ({ voice }, { trigger, reason }) => {
    voice.heading(`A person reports ${trigger}`);
    voice.aside(reason);
  },
  "daemon-killed": ({ voice }, { pid }) => {
    voice.bad(`           kill -9 of rollwatch itself (pid ${pid}); its pm2 starts it again`);
  },
  "served-again": ({ voice, time }, { at, isRestart }) => {
    voice.good(`${time(at)}  ${isRestart ? "the restarted service" : "v1.4.0"} answers again`);
  },
  notice: ({ voice }, { notice }) => {
    voice.say(`           told: ${notice.title} (${notice.urgency})`);
    const more = notice.reason === "rows-kept" ? notice.text.split("\n") : [];
    for (const line of more) {
      voice.aside(`${" ".repeat(11)}${line}`);
    }
  },
};

/** Tells one scene. */
export function tellScene<K extends SceneKind>(telling: Telling, scene: SceneOf<K>): void {
  TELLERS[scene.kind](telling, scene);
}
