import type { Control, ControlName, Outage } from "../model/control.ts";

/** Remembers of each control when it was last red, so that what began meanwhile is not blamed on somebody else later. */
export function openOutages(): (controls: readonly Control[], now: number) => readonly Control[] {
  const outages = new Map<ControlName, Outage>();
  const red = new Set<ControlName>();

  function note({ name, state, detail, takenBy }: Control, now: number): void {
    // A server that is full is an outage that explains the rest only when others have filled it.
    if (state === "red" && (takenBy ?? "others") === "others") {
      const from = red.has(name) ? (outages.get(name)?.from ?? now) : now;
      outages.set(name, { from, until: now, detail });
      red.add(name);
    } else if (state === "green") {
      red.delete(name);
    }
  }

  return (controls, now) =>
    controls.map((control) => {
      note(control, now);
      const outage = outages.get(control.name);
      return outage === undefined ? control : { ...control, outage };
    });
}
