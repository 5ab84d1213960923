import { expect, it } from "vitest";
import { defineMeasures } from "../../src/metrics/measures.ts";
import { showRecord } from "../../src/metrics/observed.ts";
import type { TriggerRecord } from "../../src/model/record.ts";

const MEMORY: TriggerRecord = {
  trigger: "memory",
  mode: "shadow",
  incidents: 3,
  wouldAct: 2,
  right: 2,
  wrong: 1,
  unlabelled: 0,
  missed: 0,
  precision: 0.5,
  recall: null,
  detectSeconds: 12,
  recoverSeconds: null,
};

it("shows what people said of a trigger, and nothing where nobody said anything", async () => {
  const measures = defineMeasures("app", [1]);

  showRecord(measures, { triggers: [{ ...MEMORY, trigger: "websocket" }] });
  showRecord(measures, { triggers: [MEMORY] });
  const text = await measures.registry.metrics();

  expect(text.match(/^rollwatch_record_.*$/gmu)).toEqual([
    'rollwatch_record_precision_ratio{trigger="memory",application="app"} 0.5',
    'rollwatch_record_detection_seconds{trigger="memory",application="app"} 12',
  ]);
});
