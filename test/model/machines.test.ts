import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, it } from "vitest";
import {
  INCIDENT_EVENTS,
  INCIDENT_STATES,
  INCIDENT_TRANSITIONS,
} from "../../src/model/incident-machine.ts";
import {
  RECOVERY_EVENTS,
  RECOVERY_STATES,
  RECOVERY_TRANSITIONS,
} from "../../src/model/recovery-machine.ts";

/** The cells of the rows that begin with a number of this letter, in the order of the document. */
function rowsOf(document: string, letter: string): readonly (readonly string[])[] {
  const text = readFileSync(resolve(import.meta.dirname, "../../docs", document), "utf8");
  return text
    .split("\n")
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .map(([, ...cells]) => cells.slice(0, -1))
    .filter(([first = ""]) => new RegExp(`^${letter}\\d+$`, "u").test(first));
}

function numbered(letter: string, names: readonly string[], first = 1): readonly string[] {
  return names.map((name, place) => `${letter}${place + first} ${name}`);
}

/** A machine with its names numbered: after those of another one. */
interface Machine {
  readonly states: readonly string[];
  readonly events: readonly string[];
  readonly to: (state: number, event: number) => string;
}

const RECOVERY: Machine = {
  states: numbered("S", RECOVERY_STATES),
  events: numbered("E", RECOVERY_EVENTS),
  to: (state, event) => {
    const [from, what] = [RECOVERY_STATES[state], RECOVERY_EVENTS[event]];
    const to = from && what && RECOVERY_TRANSITIONS[from][what];
    return RECOVERY.states.find((name) => name.endsWith(` ${to}`)) ?? "impossible";
  },
};

const INCIDENT: Machine = {
  states: numbered("S", INCIDENT_STATES, RECOVERY_STATES.length + 1),
  events: numbered("E", INCIDENT_EVENTS, RECOVERY_EVENTS.length + 1),
  to: (state, event) => {
    const [from, what] = [INCIDENT_STATES[state], INCIDENT_EVENTS[event]];
    const to = from && what && INCIDENT_TRANSITIONS[from][what];
    return INCIDENT.states.find((name) => name.endsWith(` ${to}`)) ?? "impossible";
  },
};

function transitionsOf({ states, events, to }: Machine): readonly (readonly string[])[] {
  return states.flatMap((from, state) =>
    events
      .map((event, place) => [from, event, to(state, place)])
      .filter(([, , end]) => end !== "impossible"),
  );
}

describe("docs/recovery.md", () => {
  it("numbers every state as the tables have them", () => {
    const written = rowsOf("recovery.md", "S").map(([number, state]) => `${number} ${state}`);

    expect(written).toEqual([...RECOVERY.states, ...INCIDENT.states]);
  });

  it("says what a crash means in every state", () => {
    const rows = rowsOf("recovery.md", "S");

    expect(rows.filter((cells) => cells.length !== 4 || cells.includes(""))).toEqual([]);
  });

  it("numbers every event as the tables have them", () => {
    const written = rowsOf("recovery.md", "E").map(([number, event]) => `${number} ${event}`);

    expect(written).toEqual([...RECOVERY.events, ...INCIDENT.events]);
  });

  it("numbers every transition that the tables allow, and no other", () => {
    const allowed = [RECOVERY, INCIDENT].flatMap((machine) => transitionsOf(machine));

    expect(rowsOf("recovery.md", "T")).toEqual(
      allowed.map((cells, place) => [`T${place + 1}`, ...cells]),
    );
  });

  it("names the invariants of docs/crash-matrix.md, each once", () => {
    const numbers = rowsOf("crash-matrix.md", "I").map(([number]) => number);

    expect(numbers).toEqual(["I1", "I2", "I3", "I4", "I5", "I6", "I7"]);
    expect(rowsOf("recovery.md", "I").map(([number]) => number)).toEqual(numbers);
  });
});

describe("the tables", () => {
  it.each(["E3 planned-beside", "E13 unannounced", "E28 closed-over-recovery"])(
    "allow %s nowhere",
    (name) => {
      const events = [RECOVERY, INCIDENT].flatMap((one) =>
        transitionsOf(one).map(([, event]) => event),
      );

      expect(events).not.toContain(name);
    },
  );

  it("leave every state of a recovery a way to an end, and let none out of an end", () => {
    const transitions = transitionsOf(RECOVERY);
    const ends = ["S11 completed", "S12 cancelled", "S13 needs-human"];
    const before = RECOVERY.states.filter((state) => !ends.includes(state));
    let reached = new Set(ends);
    for (let round = 0; round < RECOVERY.states.length; round += 1) {
      const found = transitions
        .filter(([, , to = ""]) => reached.has(to))
        .map(([from = ""]) => from);
      reached = new Set([...reached, ...found]);
    }

    expect(before.filter((state) => !reached.has(state))).toEqual([]);
    expect(transitions.filter(([from = ""]) => ends.includes(from))).toEqual([]);
  });
});
