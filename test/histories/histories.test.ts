import { describe, expect, it } from "vitest";
import { badKinds } from "./bad.ts";
import { HEALTHY } from "./healthy.ts";
import { leastSeconds, scoreDay, scoreFault } from "./score.ts";
import { shipped } from "./shipped.ts";

/*
 * The fast part of the scored benchmark (`npm run bench -- histories` is the whole, its table is docs/detection.md): what is
 * asked here is what the table says.
 */

const SHIPPED = shipped();
const KINDS = badKinds(SHIPPED);
/** Eighteen hours of each kind: ten host-days. */
const SECONDS = 18 * 3600;
/** How much longer than the limits explain a fault may take on average: one window, and what a partial fault needs more. */
const SLACK = 1.3;

describe("on healthy days", () => {
  it.each(HEALTHY.map((kind) => [kind.name, kind] as const))(
    "%s: nothing is rolled back, restarted or called a breach",
    (_name, kind) => {
      const { breaches } = scoreDay(kind, 20_261_122, SHIPPED, SECONDS);

      expect(breaches.filter((one) => one.isFalse)).toEqual([]);
      expect(breaches.filter((one) => one.decision === "roll-back")).toEqual([]);
      expect(breaches.filter((one) => one.decision === "restart")).toEqual([]);
    },
  );
});

describe("a fault", () => {
  const courses = KINDS.flatMap((kind) => [
    { name: kind.name, when: "after a deployment", kind, deployed: true },
    { name: kind.name, when: "without one", kind, deployed: false },
  ]);

  it.each(courses)(
    "$name, $when: is found, named, and answered as it should be",
    ({ kind, deployed }) => {
      const score = scoreFault(kind, deployed, 20_261_122, SHIPPED);

      expect(score).toMatchObject({
        isRightTrigger: true,
        isRightCause: true,
        isRightDecision: true,
      });
    },
  );

  it("is found about as soon as the limits allow", () => {
    const scores = KINDS.map((kind) => scoreFault(kind, true, 7, SHIPPED));

    const ratios = scores.map(({ trigger, seconds }) =>
      trigger === null ? Infinity : (seconds ?? Infinity) / leastSeconds(SHIPPED, trigger),
    );
    const median = ratios.toSorted((one, other) => one - other)[Math.floor(ratios.length / 2)];

    expect(median).toBeLessThan(SLACK);
  });
});
