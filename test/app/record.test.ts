import { expect, it } from "vitest";
import { recordingsFolder } from "../../src/app/recorder.ts";
import { startRecording } from "../../src/app/record.ts";
import { replayRecording } from "../../src/app/replay.ts";
import { openChangeWatch } from "../../src/app/watch-changes.ts";
import { withDaemon } from "../support/daemon.ts";

it("records what a replay needs to come to the same breach, cause and decision", async () => {
  await withDaemon(
    async ({ daemon, world, sample }) => {
      const { signal } = new AbortController();
      const ending = new AbortController();
      const recording = startRecording(daemon, "0.1.0");
      const running = recording.run(ending.signal);
      const changes = openChangeWatch(daemon);
      await daemon.surroundings.lookAtAll(signal);
      changes.note();
      recording.look();
      sample(0);
      await world.clock.advance(2000);
      await world.install("bad-2", "answers 500");
      await daemon.surroundings.lookAtAll(signal);
      changes.note();
      for (let time = 0; time < 6; time += 1) {
        recording.look();
        sample(1);
        await world.clock.advance(2000);
      }
      ending.abort();
      await running;

      const folder = recordingsFolder(daemon.config.state);
      const report = await replayRecording(daemon.config, folder, signal);

      expect(report).toMatchObject({ samples: 14, unknownSignals: [], unheardSignals: [] });
      expect(report.files).toMatchObject([{ torn: false, unreadable: 0 }]);
      expect(report.incidents).toMatchObject([
        { trigger: "system-down", mode: "auto", cause: "release", clearedAt: null },
      ]);
      expect(report.incidents[0]?.decisions.at(-1)).toMatchObject({ kind: "roll-back" });
    },
    {},
    { recording: true },
  );
});
